package dev.baton.tomcat;

import dev.baton.drain.LingeringClose;
import java.util.concurrent.atomic.AtomicBoolean;
import org.apache.coyote.ActionCode;
import org.apache.coyote.Adapter;
import org.apache.coyote.Request;
import org.apache.coyote.Response;
import org.apache.coyote.http11.Http11Processor;
import org.apache.tomcat.util.net.SocketEvent;

/**
 * Tomcat's processor of HTTP/1.1, which tells the connection when a request was answered. It looks when the container has
 * returned and Tomcat has not yet read the rest of the request's body.
 */
final class TrackingProcessor extends Http11Processor {
    private final BatonHttp11Protocol protocol;
    private final Adapter tracking;

    TrackingProcessor(BatonHttp11Protocol protocol, Adapter container) {
        super(protocol, container);
        this.protocol = protocol;
        this.tracking = new TrackingAdapter(container);
    }

    @Override
    public Adapter getAdapter() {
        return tracking;
    }

    /** What Tomcat calls for a request: once, and then, if a servlet is asynchronous, for each of its events. */
    private final class TrackingAdapter implements Adapter {
        private final Adapter container;

        /** Of the current request it was told that it is answered. */
        private boolean told;

        TrackingAdapter(Adapter container) {
            this.container = container;
        }

        @Override
        public void service(Request request, Response response) throws Exception {
            told = false;
            Tracked.of(getSocketWrapper()).ifPresent(ServedConnection::requestBegun);
            if (protocol.isDraining() && request.getMimeHeaders().getHeader("Upgrade") == null) {
                // Also for a response without a body, about which BatonHttp11Protocol is not asked.
                response.getMimeHeaders().setValue("Connection").setString("close");
            }
            try {
                container.service(request, response);
            } finally {
                if (!is(request, ActionCode.ASYNC_IS_ASYNC)) {
                    tell(request, response);
                }
            }
        }

        @Override
        public boolean asyncDispatch(Request request, Response response, SocketEvent event) throws Exception {
            try {
                return container.asyncDispatch(request, response, event);
            } finally {
                if (!is(request, ActionCode.ASYNC_IS_ASYNC) || is(request, ActionCode.ASYNC_IS_COMPLETING)) {
                    tell(request, response);
                }
            }
        }

        /**
         * Where the response was the last, what the client still sends is left to the {@link LingeringClose}: Tomcat would
         * wait for it here, with the connection open, and a client that waits for its end in turn would wait for ever.
         */
        private void tell(Request request, Response response) {
            if (told) {
                return;
            }
            boolean bodyRead = is(request, ActionCode.REQUEST_BODY_FULLY_READ);
            if (getErrorState().isError()) {
                Tracked.of(getSocketWrapper()).ifPresent(connection -> connection.bodyUnread(!bodyRead));
                return;
            }
            told = true;
            Tracked.of(getSocketWrapper()).ifPresent(connection -> connection.answered(!bodyRead));
            if (!bodyRead && "close".equals(response.getMimeHeaders().getHeader("Connection"))) {
                request.action(ActionCode.DISABLE_SWALLOW_INPUT, null);
            }
        }

        private static boolean is(Request request, ActionCode question) {
            AtomicBoolean answer = new AtomicBoolean();
            request.action(question, answer);
            return answer.get();
        }

        @Override
        public boolean prepare(Request request, Response response) throws Exception {
            return container.prepare(request, response);
        }

        @Override
        public void log(Request request, Response response, long time) {
            container.log(request, response, time);
        }

        @Override
        public void checkRecycled(Request request, Response response) {
            container.checkRecycled(request, response);
        }

        @Override
        public String getDomain() {
            return container.getDomain();
        }
    }
}
