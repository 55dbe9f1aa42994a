package dev.baton.tomcat;

import dev.baton.testkit.ContractExchange;
import dev.baton.testkit.ContractHandler;
import jakarta.servlet.AsyncContext;
import jakarta.servlet.ServletOutputStream;
import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.util.concurrent.CompletableFuture;

/**
 * Gives each request to the handler of a rule. One that is not asynchronous keeps its thread until the exchange is complete,
 * whoever completes it.
 */
final class ContractServlet extends HttpServlet {
    private static final long serialVersionUID = 1L;

    private final transient ContractHandler handler;
    private final boolean asynchronous;

    ContractServlet(ContractHandler handler, boolean asynchronous) {
        this.handler = handler;
        this.asynchronous = asynchronous;
    }

    @Override
    protected void service(HttpServletRequest request, HttpServletResponse response) throws IOException {
        if (asynchronous) {
            AsyncContext context = request.startAsync();
            context.setTimeout(0);
            try {
                handler.handle(new Exchange(request, response, context::complete));
            } catch (IOException | RuntimeException e) {
                if (response.isCommitted()) {
                    throw e;
                }
                // What is thrown after startAsync() makes Tomcat close the connection without an answer.
                response.sendError(HttpServletResponse.SC_INTERNAL_SERVER_ERROR);
                context.complete();
            }
        } else {
            CompletableFuture<Void> complete = new CompletableFuture<>();
            handler.handle(new Exchange(request, response, () -> complete.complete(null)));
            complete.join();
        }
    }

    private record Exchange(HttpServletRequest request, HttpServletResponse response, Runnable complete)
            implements ContractExchange {
        @Override
        public String method() {
            return request.getMethod();
        }

        @Override
        public String path() {
            return request.getRequestURI();
        }

        @Override
        public InputStream body() {
            try {
                return request.getInputStream();
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }

        @Override
        public OutputStream respond(int status, long length) throws IOException {
            response.setStatus(status);
            if (length != UNKNOWN_LENGTH) {
                response.setContentLengthLong(length);
            }
            ServletOutputStream out = response.getOutputStream();
            return new FilterOutputStream(out) {
                @Override
                public void write(byte[] bytes, int offset, int length) throws IOException {
                    out.write(bytes, offset, length);
                }

                @Override
                public void close() throws IOException {
                    try {
                        out.close();
                    } finally {
                        complete.run();
                    }
                }
            };
        }
    }
}
