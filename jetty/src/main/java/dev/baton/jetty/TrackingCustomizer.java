package dev.baton.jetty;

import java.nio.ByteBuffer;
import org.eclipse.jetty.http.HttpField;
import org.eclipse.jetty.http.HttpFields;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.http.HttpHeaderValue;
import org.eclipse.jetty.http.HttpVersion;
import org.eclipse.jetty.http.MetaData;
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
        if (endPoint instanceof EndPoint.Wrapper wrapper) {
            endPoint = wrapper.unwrap();
        }
        if (endPoint instanceof TrackedEndPoint tracked) {
            boolean http1 =
                    request.getConnectionMetaData().getHttpVersion().getVersion() <= HttpVersion.HTTP_1_1.getVersion();
            ServedConnection connection = tracked.served();
            connection.requestBegun();
            request.addHttpStreamWrapper(stream -> new TrackedStream(stream, connection, http1));
        }
        return request;
    }

    private static final class TrackedStream extends HttpStream.Wrapper {
        private final ServedConnection connection;
        private final boolean http1;

        TrackedStream(HttpStream stream, ServedConnection connection, boolean http1) {
            super(stream);
            this.connection = connection;
            this.http1 = http1;
        }

        /** The last moment to say that the response is the last of its connection. */
        @Override
        public void prepareResponse(HttpFields.Mutable headers) {
            super.prepareResponse(headers);
            if (http1 && connection.isDraining()) {
                headers.put(HttpHeader.CONNECTION, HttpHeaderValue.CLOSE);
            }
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

        @Override
        public void succeeded() {
            connection.requestEnded(getWrapped().consumeAvailable() == null);
            super.succeeded();
        }

        @Override
        public void failed(Throwable failure) {
            connection.requestEnded(false);
            super.failed(failure);
        }
    }
}
