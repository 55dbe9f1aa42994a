package dev.baton.netty;

import dev.baton.drain.ConnectionState;
import dev.baton.drain.DrainReason;
import dev.baton.drain.TrackedConnection;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelOption;
import io.netty.channel.ChannelPipeline;
import io.netty.channel.socket.DuplexChannel;
import io.netty.handler.codec.http2.DefaultHttp2PingFrame;
import io.netty.handler.codec.http2.DefaultHttp2WindowUpdateFrame;
import io.netty.handler.codec.http2.Http2CodecUtil;
import io.netty.handler.codec.http2.Http2ConnectionAdapter;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2Exception;
import io.netty.handler.codec.http2.Http2FrameCodec;
import io.netty.handler.codec.http2.Http2Headers;
import io.netty.handler.codec.http2.Http2MultiplexHandler;
import io.netty.handler.codec.http2.Http2Settings;
import io.netty.handler.codec.http2.Http2Stream;
import java.time.Duration;

/**
 * An HTTP/2 connection (RFC 9113): when it is active and idle, and how it ends without loss.
 *
 * <p>It puts Netty's {@link Http2FrameCodec} and {@link Http2MultiplexHandler} into the pipeline, and watches both sides
 * of them: {@link Http2Bytes} in front and {@link Http2Frames} behind. Each stream is a channel of its own with the
 * application's handlers, which see the frames of one request and write those of its response. Everything happens in the
 * connection's event loop, and so does every call of its methods.
 *
 * <p><b>States.</b> A connection is ACTIVE from the first open stream to the last, and IDLE while none is open. Before its
 * first stream it becomes ACTIVE and at once IDLE when the client's connection preface has come (section 3.4), as in Go:
 * it has said what it is, so it is no longer NEW.
 *
 * <p><b>The end</b> (section 6.8):
 *
 * <pre>
 *   SERVING --drain, idle for too long--> ANNOUNCED --PING answered, or too late--> LAST_NAMED --last stream ended--> ENDING
 *      |                                                                                ^                               ^
 *      +--- to be closed, and no preface has come --------------------------------------+                               |
 *      +--- connection error, close by the application (from any state) ------------------------------------------------+
 * </pre>
 *
 * <ul>
 *   <li>ANNOUNCED: a GOAWAY with the highest stream identifier there is was sent. It refuses nothing; it asks the client to
 *       open no more streams here. A PING was sent behind it. Streams that are opened meanwhile are served.
 *   <li>LAST_NAMED: a second GOAWAY has named the last stream that was opened. It and all before it are served to their
 *       end; what comes on later ones is ignored, and the client may send those requests again, elsewhere.
 *   <li>ENDING: everything was written; the output is closed and the input read until the client closes too: see
 *       {@link LingeringClose}.
 * </ul>
 *
 * <p><b>A stream that is opened, and the second GOAWAY.</b> Both happen in the event loop: a stream that was decoded before
 * the GOAWAY is written is not above the number that it names, and is served; one that is decoded after it is above, and
 * is not. So the client, which knows the number, knows of each of its requests whether it was served.
 *
 * <p><b>A request on its way, and the answer to the PING.</b> The client reads the first GOAWAY before the PING, and writes
 * its answer behind all that it has written before. If it keeps to the protocol it opens no stream after it has read the
 * GOAWAY; so its last HEADERS come before the answer, and all of them are below the number that the second GOAWAY names:
 * such a client loses nothing. One that does not answer, or opens streams nevertheless, is held to the same number after
 * {@link #PING_LIMIT}.
 *
 * <p>That is why an idle connection needs no grace here: unlike in HTTP/1.1, it can be ended at once without a request
 * being lost. Every {@link dev.baton.drain.IdlePolicy} comes to the same.
 *
 * <p>A drain that is undone leaves a connection alone that has not been told of it. One that has been goes on to its end,
 * because a GOAWAY cannot be taken back.
 *
 * <p><b>Abuse.</b> {@link Http2Options}, and Netty's limits, at their defaults: 200 RST_STREAM within 30 seconds, of the
 * client's or provoked by it (CVE-2023-44487, CVE-2025-8671), 16 CONTINUATION frames that are small, 2 empty DATA frames
 * in a row, 10,000 answers to PING and SETTINGS that the client does not read. What exceeds one of them is a connection
 * error, ENHANCE_YOUR_CALM.
 */
public final class Http2Connection implements ConnectionProtocol {
    /**
     * How long the answer to the PING is waited for. Ten times a round trip around the earth, and a tenth of the time for
     * which supervisors let a process stop. Go waits 1 second in all; gRPC, 10.
     */
    static final Duration PING_LIMIT = Duration.ofSeconds(2);

    /** Tells our PING from others, of which there are none today. */
    private static final long PING_CONTENT = 0x6261746f6e2d6279L;

    private enum Phase {
        SERVING,
        ANNOUNCED,
        LAST_NAMED,
        ENDING
    }

    private final Channel channel;
    private final TrackedConnection tracked;
    private final Http2Options options;
    private final Http2Bytes bytes;
    private final Http2FrameCodec codec;
    private final LingeringClose linger;

    /** For the preface, then for being idle, then for the answer to the PING. */
    private final DeadlineTimer timer;

    private Phase phase = Phase.SERVING;
    private boolean prefaceReceived;
    private int openStreams;

    private Http2Connection(ServedConnection served, Channel channel, Http2Options options) {
        this.channel = channel;
        this.options = options;
        tracked = served.tracked();
        bytes = new Http2Bytes(this);
        codec = Http2Codec.of(options);
        linger = new LingeringClose((DuplexChannel) channel, tracked, bytes::closeNow);
        timer = new DeadlineTimer(channel.eventLoop(), this::onDeadline);
        codec.connection().addListener(new Streams());
    }

    /**
     * Adds what speaks HTTP/2 to the end of a pipeline; TLS comes before it. The server's SETTINGS are sent at once. Call
     * it in the event loop, when the channel is registered.
     *
     * <p>A client that closes its side of the connection ends it, as with nginx and Go: without its window updates a
     * response cannot be sent anyway.
     *
     * @param stream for the channel of each stream, and so sharable; usually an initializer of its pipeline
     * @throws IllegalStateException if the channel was not accepted by a {@link NettyServer}
     */
    public static Http2Connection install(ChannelPipeline pipeline, Http2Options options, ChannelHandler stream) {
        Channel channel = pipeline.channel();
        ServedConnection served = ServedConnection.of(channel);
        Http2Connection connection = new Http2Connection(served, channel, options);
        channel.config().setOption(ChannelOption.ALLOW_HALF_CLOSURE, false);
        served.protocol(connection);
        connection.timer.set(options.prefaceTimeout());
        pipeline.addLast(
                connection.bytes,
                connection.codec,
                new Http2MultiplexHandler(new Http2Streams(stream, connection.tracked)),
                new Http2Frames(connection));
        connection.widenWindow();
        return connection;
    }

    private void widenWindow() {
        int now = codec.connection()
                .local()
                .flowController()
                .initialWindowSize(codec.connection().connectionStream());
        if (now < options.connectionWindow()) {
            var _ = channel.writeAndFlush(new DefaultHttp2WindowUpdateFrame(options.connectionWindow() - now));
        }
    }

    /**
     * The connection was one of HTTP/1.1, and the client has asked to go on with HTTP/2: its request is the first stream.
     * The answer 101 was written before {@link #install}.
     *
     * @param settings the client's, from its HTTP2-Settings header
     * @param request whole, without a body
     */
    public void upgrade(Http2Settings settings, Http2Headers request) throws Http2Exception {
        codec.onHttpServerUpgrade(settings);
        codec.decoder()
                .frameListener()
                .onHeadersRead(
                        channel.pipeline().context(codec), Http2CodecUtil.HTTP_UPGRADE_STREAM_ID, request, 0, true);
    }

    /** The entry in the registry. */
    public TrackedConnection tracked() {
        return tracked;
    }

    // What a drain asks for.

    @Override
    public void drain(DrainReason reason) {
        announceIfDraining();
    }

    @Override
    public void resume() {
        // Either the client knows nothing of the drain, or it was told and cannot be told otherwise.
    }

    @Override
    public void closeIdle() {
        if (phase == Phase.SERVING && prefaceReceived) {
            announce();
        } else if (phase == Phase.SERVING) {
            nameLast();
        }
        // Otherwise the end is near already.
    }

    private void announceIfDraining() {
        if (phase == Phase.SERVING && prefaceReceived && tracked.drainReason().isPresent()) {
            announce();
        }
    }

    private void announce() {
        phase = Phase.ANNOUNCED;
        goAway(Integer.MAX_VALUE);
        var _ = channel.writeAndFlush(new DefaultHttp2PingFrame(PING_CONTENT));
        timer.set(PING_LIMIT);
    }

    private void nameLast() {
        phase = Phase.LAST_NAMED;
        timer.cancel();
        goAway(codec.connection().remote().lastStreamCreated());
        settle();
    }

    private void goAway(int lastStream) {
        ChannelHandlerContext ctx = channel.pipeline().context(codec);
        var _ = codec.goAway(ctx, lastStream, Http2Error.NO_ERROR.code(), Unpooled.EMPTY_BUFFER, ctx.newPromise());
        ctx.flush();
    }

    private void onDeadline() {
        switch (phase) {
            case SERVING -> closeIdle();
            case ANNOUNCED -> nameLast();
            case LAST_NAMED, ENDING -> {}
        }
    }

    // What the client does.

    /** The client's preface is complete with its first SETTINGS; later ones change nothing here. */
    void prefaceReceived() {
        if (prefaceReceived) {
            return;
        }
        prefaceReceived = true;
        activate();
        settle();
        announceIfDraining();
    }

    void pingAnswered(long content) {
        if (phase == Phase.ANNOUNCED && content == PING_CONTENT) {
            nameLast();
        }
    }

    /** Counts the streams: first in the event that opens one, last in that which ends it. */
    private final class Streams extends Http2ConnectionAdapter {
        @Override
        public void onStreamActive(Http2Stream stream) {
            openStreams++;
            activate();
        }

        /** The codec is in the middle of something; what follows from it is done when it has finished. */
        @Override
        public void onStreamClosed(Http2Stream stream) {
            openStreams--;
            if (openStreams == 0) {
                channel.eventLoop().execute(Http2Connection.this::settle);
            }
        }
    }

    private void activate() {
        if (phase == Phase.SERVING) {
            timer.lift();
        }
        ConnectionState state = tracked.state();
        if (state == ConnectionState.NEW || state == ConnectionState.IDLE) {
            tracked.active();
        }
    }

    /** Does what is to be done when no stream is open. */
    private void settle() {
        if (openStreams > 0 || !channel.isActive()) {
            return;
        }
        switch (phase) {
            case SERVING, ANNOUNCED -> {
                if (tracked.state() == ConnectionState.ACTIVE) {
                    tracked.idle();
                }
                if (phase == Phase.SERVING && prefaceReceived) {
                    timer.set(options.idleTimeout());
                }
            }
            case LAST_NAMED -> end();
            case ENDING -> {}
        }
    }

    // How it ends.

    /** The output is closed behind everything that was written. */
    private void end() {
        phase = Phase.ENDING;
        timer.cancel();
        var _ = channel.pipeline()
                .context(bytes)
                .writeAndFlush(Unpooled.EMPTY_BUFFER)
                .addListener(_ -> linger.begin(true));
    }

    /**
     * A handler closes the connection: the codec after a connection error, behind its GOAWAY, or the application. Streams
     * that are open end here.
     */
    void closes() {
        if (phase == Phase.ENDING) {
            return;
        }
        end();
        var _ = codec.connection().close(channel.newPromise());
    }

    boolean discardsInput() {
        return phase == Phase.ENDING;
    }

    void discarded(int count) {
        linger.discarded(count);
    }

    void closed() {
        phase = Phase.ENDING;
        timer.cancel();
        linger.cancel();
    }
}
