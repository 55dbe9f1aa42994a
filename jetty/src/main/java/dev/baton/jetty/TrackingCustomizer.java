package dev.baton.jetty;

import java.nio.ByteBuffer;
import org.eclipse.jetty.http.HttpField;
import org.eclipse.jetty.http.HttpFields;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.http.HttpHeaderValue;
import org.eclipse.jetty.http.HttpVersion;
import org.eclipse.jetty.http.MetaData;
import org.eclipse.jetty.io.Connection;
import org.eclipse.jetty.io.EndPoint;
import org.eclipse.jetty.server.HttpConfiguration;
import org.eclipse.jetty.server.HttpStream;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.util.Callback;

/** Tells a connection of the begin and the end of each request, before any handler sees it. */
final class TrackingCustomizer implements HttpConfiguration.Customizer {

    @Override
    public Request customize(Request request, HttpFields.Mutable responseHeaders) {
        EndPoint endPoint = request.getConnectionMetaData().getConnection().getEndPoint();
        while (endPoint instanceof EndPoint.Wrapper wrapper) {
            endPoint = wrapper.unwrap();
        }
        if (endPoint instanceof TrackedEndPoint tracked) {
            tracked.served().requestBegun(tracked.protocol());
            request.addHttpStreamWrapper(stream -> new TrackedStream(stream, request, tracked));
        }
        return request;
    }

    private static final class TrackedStream extends HttpStream.Wrapper {
        private final Request request;
        private final TrackedEndPoint endPoint;
        private final ServedConnection connection;
        private final boolean http1;

        TrackedStream(HttpStream stream, Request request, TrackedEndPoint endPoint) {
            super(stream);
            this.request = request;
            this.endPoint = endPoint;
            this.connection = endPoint.served();
            this.http1 =
                    request.getConnectionMetaData().getHttpVersion().getVersion() <= HttpVersion.HTTP_1_1.getVersion();
        }

        /** The last moment to say that the response is the last of its connection; that of an upgrade is not. */
        @Override
        public void prepareResponse(HttpFields.Mutable headers) {
            super.prepareResponse(headers);
            if (http1
                    && connection.isDraining()
                    && !isUpgrade()
                    && !headers.contains(HttpHeader.CONNECTION, HttpHeaderValue.UPGRADE.asString())) {
                headers.put(HttpHeader.CONNECTION, HttpHeaderValue.CLOSE);
            }
        }

        /** Whether the application goes on with the connection itself: a WebSocket, a tunnel. */
        private boolean isUpgrade() {
            return http1 && request.getAttribute(HttpStream.UPGRADE_CONNECTION_ATTRIBUTE) instanceof Connection;
        }

        /**
         * A response that is the last may be as long as the connection lives, and Jetty makes use of it: a client could not
         * tell one that was cut from a whole one. So a body of unknown length is sent in chunks here too.
         */
        @Override
        public void send(
                MetaData.Request request,
                MetaData.Response response,
                boolean last,
                ByteBuffer content,
                Callback callback) {
            super.send(request, chunkedIfLast(request, response, last), last, content, callback);
        }

        private MetaData.Response chunkedIfLast(MetaData.Request request, MetaData.Response response, boolean last) {
            if (response == null
                    || last
                    || !http1
                    || request.getHttpVersion() != HttpVersion.HTTP_1_1
                    || response.getStatus() < 200
                    || response.getContentLength() >= 0
                    || response.getHttpFields().contains(HttpHeader.CONTENT_LENGTH)
                    || !response.getHttpFields().contains(HttpHeader.CONNECTION, HttpHeaderValue.CLOSE.asString())) {
                return response;
            }
            HttpFields fields = HttpFields.build(response.getHttpFields())
                    .put(new HttpField(HttpHeader.TRANSFER_ENCODING, HttpHeaderValue.CHUNKED.asString()));
            return new MetaData.Response(
                    response.getStatus(),
                    response.getReason(),
                    response.getHttpVersion(),
                    fields,
                    response.getContentLength(),
                    response.getTrailersSupplier());
        }

        /** Tells of an upgrade first: Jetty reads for the new protocol within the call. */
        @Override
        public void succeeded() {
            if (isUpgrade()) {
                connection.upgraded();
            } else {
                connection.requestEnded(endPoint.protocol(), getWrapped().consumeAvailable() == null);
            }
            super.succeeded();
        }

        @Override
        public void failed(Throwable failure) {
            connection.requestEnded(endPoint.protocol(), false);
            super.failed(failure);
        }
    }
}
