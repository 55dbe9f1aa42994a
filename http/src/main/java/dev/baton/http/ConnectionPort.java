package dev.baton.http;

import dev.baton.netty.ProxyHeader;
import dev.baton.netty.TlsConnection;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.channel.Channel;
import io.netty.handler.codec.http.DefaultHttpHeadersFactory;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http2.Http2StreamChannel;
import java.io.IOException;
import java.net.SocketAddress;
import java.util.concurrent.RejectedExecutionException;
import javax.net.ssl.SSLSession;
import org.jspecify.annotations.Nullable;

/**
 * The connection as an exchange sees it, from any thread. Whatever changes the connection is posted to its event loop and
 * runs there in the order in which one thread posted it; it never runs in the caller, so that it can be called under a
 * lock.
 */
final class ConnectionPort {
    private final Channel channel;
    private final ExchangeTransport transport;
    private final @Nullable SSLSession tlsSession;

    ConnectionPort(Channel channel, ExchangeTransport transport) {
        this.channel = channel;
        this.transport = transport;
        this.tlsSession = TlsConnection.session(channel).orElse(null);
    }

    /** Null if the connection does not speak TLS. */
    @Nullable
    SSLSession tlsSession() {
        return tlsSession;
    }

    /** Whether it is a stream of an HTTP/2 connection. */
    boolean isHttp2() {
        return channel instanceof Http2StreamChannel;
    }

    boolean inEventLoop() {
        return channel.eventLoop().inEventLoop();
    }

    boolean isOpen() {
        return channel.isActive();
    }

    ByteBufAllocator allocator() {
        return channel.alloc();
    }

    SocketAddress remoteAddress() {
        return ProxyHeader.remoteAddress(channel);
    }

    SocketAddress localAddress() {
        return ProxyHeader.localAddress(channel);
    }

    /** Writes a part of a response; the content now belongs to the connection. */
    void send(ResponseBody body, @Nullable ResponseHead head, ByteBuf content, boolean last) {
        try {
            channel.eventLoop().execute(new ResponsePart(transport, body, head, content, last));
        } catch (RejectedExecutionException e) {
            content.release();
            body.connectionClosed(new IOException("the server has stopped", e));
        }
    }

    /** The handler has read half of what was held for it. */
    void resumeReading(RequestBody body) {
        post(() -> transport.resumeReading(body));
    }

    void sendContinue(RequestBody body) {
        // Not the constant for no headers: the encoder removes from them what an interim response must not have.
        sendInterim(
                body,
                HttpResponseStatus.CONTINUE,
                DefaultHttpHeadersFactory.headersFactory().newHeaders());
    }

    void sendInterim(RequestBody body, HttpResponseStatus status, HttpHeaders headers) {
        post(() -> transport.writeInterim(body, status, headers));
    }

    /**
     * Ends a response in its middle, by closing the connection or resetting the stream.
     *
     * @param reset for HTTP/1.1, whether the client shall see an error: without a length and without chunks an orderly end would look
     *     like the end of the response
     */
    void abort(ResponseBody body, boolean reset) {
        post(() -> transport.abort(body, reset));
    }

    /** Answers 500, or what is wrong with the request's body, in the place of a response of which nothing was sent. */
    void sendFailure(ResponseBody body) {
        post(() -> transport.writeFailure(body));
    }

    /** Gives the connection to another protocol, if it can be; the switch says what became of it. */
    void switchProtocol(ResponseBody body, ProtocolSwitch<?> next) {
        try {
            channel.eventLoop().execute(() -> transport.switchProtocol(body, next));
        } catch (RejectedExecutionException e) {
            next.refuse(new IOException("the server has stopped", e));
        }
    }

    Channel channel() {
        return channel;
    }

    /** After the end of the event loop there is no connection left to change. */
    private void post(Runnable task) {
        try {
            channel.eventLoop().execute(task);
        } catch (RejectedExecutionException e) {
            Log.connectionFailed(channel, e);
        }
    }
}
