package dev.baton.http;

import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaderValues;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpUtil;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import org.jspecify.annotations.Nullable;

/** Finds the context of a request and starts its handler: what all connections of a server share. */
final class Dispatcher {
    private final Contexts contexts;
    private final HttpServerOptions options;
    private final Executor executor;

    /** The executor may be one that runs handlers in the caller, see {@link Exchange#run()}. */
    Dispatcher(Contexts contexts, HttpServerOptions options, Executor executor) {
        this.contexts = contexts;
        this.options = options;
        this.executor = executor;
    }

    HttpServerOptions options() {
        return options;
    }

    /** What becomes of a request. */
    sealed interface Outcome permits Accepted, Refused {}

    /** A handler is to be started with {@link #start}. */
    record Accepted(Exchange exchange) implements Outcome {}

    /** The server answers by itself. */
    record Refused(Rejection rejection) implements Outcome {}

    /** {@code hasBody}: whether anything follows the head. */
    Outcome dispatch(ConnectionPort connection, HttpRequest request, boolean hasBody) {
        Rejection malformed = Rejection.of(request, options);
        if (malformed != null) {
            return new Refused(malformed);
        }
        RequestTarget target = target(request);
        if (target == null) {
            return new Refused(Rejection.BAD_TARGET);
        }
        String authority = target.authority();
        if (authority != null) {
            request.headers().set(HttpHeaderNames.HOST, authority); // RFC 9112, section 3.2.2
        }
        Context context = contexts.find(target.path());
        if (context == null) {
            return new Refused(Rejection.NO_CONTEXT);
        }
        if (context.getHandler() == null) {
            return new Refused(Rejection.NO_HANDLER);
        }
        RequestBody body = new RequestBody(connection, options, !hasBody, expectsContinue(request));
        return new Accepted(
                new Exchange(connection, request, target, context, body, new ResponseBody(connection, options)));
    }

    private @Nullable RequestTarget target(HttpRequest request) {
        boolean tunnel = options.allowConnect() && request.method().equals(HttpMethod.CONNECT);
        return tunnel
                ? RequestTarget.parseAuthority(request.uri())
                : RequestTarget.parse(request.method(), request.uri());
    }

    /** Runs the handler; gives the rejection with which the server answers if no thread can be had for it. */
    @Nullable
    Rejection start(Exchange exchange) {
        try {
            executor.execute(exchange);
            return null;
        } catch (RejectedExecutionException e) {
            Log.handlerRefused(exchange, e);
            return Rejection.NO_THREAD;
        }
    }

    static boolean hasBody(HttpHeaders headers) {
        if (headers.contains(HttpHeaderNames.TRANSFER_ENCODING)) {
            return true;
        }
        String length = headers.get(HttpHeaderNames.CONTENT_LENGTH);
        return length != null && !length.equals("0");
    }

    /** HTTP/1.0 knows no interim responses (RFC 9110, section 10.1.1). */
    private static boolean expectsContinue(HttpRequest request) {
        return request.headers().contains(HttpHeaderNames.EXPECT, HttpHeaderValues.CONTINUE, true)
                && request.protocolVersion().minorVersion() > 0;
    }

    static boolean isKeepAlive(HttpRequest request) {
        return HttpUtil.isKeepAlive(request);
    }
}
