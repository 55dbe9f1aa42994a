package dev.baton.jetty;

import dev.baton.testkit.ContractExchange;
import dev.baton.testkit.ContractHandler;
import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.concurrent.atomic.AtomicBoolean;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.io.Content;
import org.eclipse.jetty.server.Handler;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.util.Callback;

/** Gives each request to the handler of a rule, on a thread on which it may block. */
final class ContractJettyHandler extends Handler.Abstract {
    private final ContractHandler handler;

    ContractJettyHandler(ContractHandler handler) {
        this.handler = handler;
    }

    @Override
    public boolean handle(Request request, Response response, Callback callback) throws Exception {
        handler.handle(new Exchange(request, response, callback, new AtomicBoolean()));
        return true;
    }

    private record Exchange(Request request, Response response, Callback callback, AtomicBoolean complete)
            implements ContractExchange {
        @Override
        public String method() {
            return request.getMethod();
        }

        @Override
        public String path() {
            return request.getHttpURI().getPath();
        }

        @Override
        public InputStream body() {
            return Content.Source.asInputStream(request);
        }

        @Override
        public OutputStream respond(int status, long length) {
            response.setStatus(status);
            if (length != UNKNOWN_LENGTH) {
                response.getHeaders().put(HttpHeader.CONTENT_LENGTH, length);
            }
            OutputStream out = Content.Sink.asOutputStream(response);
            return new FilterOutputStream(out) {
                @Override
                public void write(byte[] bytes, int offset, int count) throws IOException {
                    out.write(bytes, offset, count);
                }

                @Override
                public void close() throws IOException {
                    if (complete.compareAndSet(false, true)) {
                        out.close();
                        callback.succeeded();
                    }
                }
            };
        }
    }
}
