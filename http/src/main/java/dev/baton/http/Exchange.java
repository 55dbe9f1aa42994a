package dev.baton.http;

import com.sun.net.httpserver.Headers;
import com.sun.net.httpserver.HttpContext;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpPrincipal;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpUtil;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.net.URI;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import javax.net.ssl.SSLSession;
import org.jspecify.annotations.Nullable;

/**
 * One request and its response, as the handler sees them; as a task, the call of the handler.
 *
 * <p>An exchange may be used by one thread after another, and its two streams by two threads at once. It outlives the
 * handler's return: any thread may complete it later.
 */
final class Exchange extends HttpExchange implements Runnable {
    private final ConnectionPort connection;
    private final HttpRequest request;
    private final RequestTarget target;
    private final Context context;
    private final RequestBody requestBody;
    private final ResponseBody responseBody;
    private final Headers responseHeaders = new Headers();
    private volatile @Nullable Headers requestHeaders;
    private volatile @Nullable Map<String, Optional<Object>> attributes;
    private volatile @Nullable HttpPrincipal principal;
    private volatile InputStream input;
    private volatile OutputStream output;
    private volatile int code = -1;
    private volatile boolean closed;
    /** Event loop: whether the connection is usable after the response, as its head says. */
    private boolean keepAlive = true;

    Exchange(
            ConnectionPort connection,
            HttpRequest request,
            RequestTarget target,
            Context context,
            RequestBody requestBody,
            ResponseBody responseBody) {
        this.connection = connection;
        this.request = request;
        this.target = target;
        this.context = context;
        this.requestBody = requestBody;
        this.responseBody = responseBody;
        this.input = requestBody;
        this.output = responseBody;
    }

    /**
     * Calls the handler. The JDK's own default executor runs it in the caller, and programs set such executors; here the
     * caller is the event loop, which a handler must not hold up, so that it then moves to a virtual thread.
     */
    @Override
    public void run() {
        if (connection.inEventLoop()) {
            Thread.startVirtualThread(this);
            return;
        }
        try {
            SSLSession session = connection.tlsSession();
            context.handle(this, session == null ? this : new SecureExchange(this, session));
            responseBody.handlerReturned();
        } catch (IOException e) {
            if (connection.isOpen() && requestBody.rejection() == null) {
                Log.handlerFailed(this, e);
            } else {
                Log.clientLost(this, e);
            }
            responseBody.fail();
        } catch (RuntimeException e) {
            Log.handlerFailed(this, e);
            responseBody.fail();
        } catch (Error e) {
            Log.handlerFailed(this, e);
            responseBody.fail();
            throw e;
        }
    }

    RequestBody requestBody() {
        return requestBody;
    }

    ResponseBody responseBody() {
        return responseBody;
    }

    HttpMethod method() {
        return request.method();
    }

    ConnectionPort connection() {
        return connection;
    }

    /** The status was sent in a way of its own. */
    void code(int sent) {
        code = sent;
    }

    /** The length of the request's body if it was announced, else 0. */
    long announcedLength() {
        return HttpUtil.getContentLength(request, 0L);
    }

    void keepAlive(boolean keepAlive) {
        this.keepAlive = keepAlive;
    }

    boolean keepAlive() {
        return keepAlive;
    }

    void principal(HttpPrincipal principal) {
        this.principal = principal;
    }

    // --- the JDK's API ---

    /**
     * {@inheritDoc}
     *
     * <p>A code of 1xx sends an interim response, after which the final one may be sent. For HEAD a length is announced to
     * the client, and whatever the handler writes then is thrown away. If the response can be sent without the body of a
     * request with {@code Expect: 100-continue}, it is, unless it says success: then the body is asked for first, because
     * the handler is about to read it.
     */
    @Override
    public void sendResponseHeaders(int code, long length) throws IOException {
        if (code < 100 || code > 999) {
            throw new IllegalArgumentException("a status code has three digits: " + code);
        }
        if (responseBody.isBegun()) {
            throw new IOException("headers already sent");
        }
        if (code < 200) {
            sendInterimResponse(code);
            return;
        }
        if (code < 300 && method().equals(HttpMethod.CONNECT)) {
            throw new IOException("success makes a tunnel of a CONNECT: use HijackedConnection.connect");
        }
        boolean keep = HttpUtil.isKeepAlive(request);
        if (requestBody.takeContinueExpected()) {
            if (code < 300) {
                connection.sendContinue(requestBody);
            } else {
                keep = false; // RFC 9110, section 10.1.1: the client may send the body or not.
            }
        }
        ResponseHead.Asked asked = new ResponseHead.Asked(method().equals(HttpMethod.HEAD), isHttp10(), keep);
        ResponseHead head = ResponseHead.of(asked, code, length, responseHeaders);
        this.code = code;
        responseBody.begin(head);
        if (head.isBodiless()) {
            closed = true;
            requestBody.close();
        }
    }

    private void sendInterimResponse(int code) throws IOException {
        if (code == 101) {
            throw new IOException("101 switches protocols: use HijackedConnection.upgrade or WebSockets.upgrade");
        }
        this.code = code;
        if (code == 100) {
            requestBody.takeContinueExpected();
        }
        if (!isHttp10()) {
            connection.sendInterim(requestBody, HttpResponseStatus.valueOf(code), ResponseHead.lines(responseHeaders));
        }
    }

    private boolean isHttp10() {
        return request.protocolVersion().minorVersion() == 0;
    }

    /** {@inheritDoc} An exchange that is closed with no response is answered 500. */
    @Override
    public void close() {
        if (closed) {
            return;
        }
        closed = true;
        try {
            input.close();
            if (responseBody.isBegun()) {
                output.close();
            }
        } catch (IOException e) {
            Log.clientLost(this, e);
        } finally {
            requestBody.close();
            responseBody.fail(); // Does nothing to a complete response.
        }
    }

    @Override
    public Headers getRequestHeaders() {
        Headers known = requestHeaders;
        if (known == null) {
            known = new RequestHeaders(request.headers());
            requestHeaders = known;
        }
        return known;
    }

    @Override
    public Headers getResponseHeaders() {
        return responseHeaders;
    }

    @Override
    public URI getRequestURI() {
        return target.uri();
    }

    @Override
    public String getRequestMethod() {
        return request.method().name();
    }

    @Override
    public HttpContext getHttpContext() {
        return context;
    }

    @Override
    public InputStream getRequestBody() {
        return input;
    }

    @Override
    public OutputStream getResponseBody() {
        return output;
    }

    /** {@inheritDoc} For a client on a Unix socket: the loopback address with port 0. */
    @Override
    public InetSocketAddress getRemoteAddress() {
        return SocketAddresses.inet(connection.remoteAddress());
    }

    @Override
    public int getResponseCode() {
        return code;
    }

    /** {@inheritDoc} For a Unix socket: the loopback address with port 0. */
    @Override
    public InetSocketAddress getLocalAddress() {
        return SocketAddresses.inet(connection.localAddress());
    }

    @Override
    public String getProtocol() {
        return connection.isHttp2() ? "HTTP/2" : request.protocolVersion().text();
    }

    /** {@inheritDoc} What this exchange does not have is looked up in its context. */
    @Override
    public @Nullable Object getAttribute(String name) {
        Objects.requireNonNull(name, "name");
        Map<String, Optional<Object>> own = attributes;
        Optional<Object> value = own == null ? null : own.get(name);
        return value == null ? context.getAttributes().get(name) : value.orElse(null);
    }

    /** {@inheritDoc} Other exchanges do not see it; use {@link HttpContext#getAttributes()} for what they shall share. */
    @Override
    public void setAttribute(String name, @Nullable Object value) {
        Objects.requireNonNull(name, "name");
        Map<String, Optional<Object>> own = attributes;
        if (own == null) {
            own = new ConcurrentHashMap<>();
            attributes = own;
        }
        own.put(name, Optional.ofNullable(value));
    }

    @Override
    public void setStreams(@Nullable InputStream input, @Nullable OutputStream output) {
        if (input != null) {
            this.input = input;
        }
        if (output != null) {
            this.output = output;
        }
    }

    @Override
    public @Nullable HttpPrincipal getPrincipal() {
        return principal;
    }

    @Override
    public String toString() {
        return request.method() + " " + target + " from " + connection.remoteAddress();
    }
}
