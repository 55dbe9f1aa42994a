package dev.baton.http;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.baton.http.RequestBody.Offer;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.handler.codec.http.HttpResponse;
import java.io.IOException;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** The buffer between event loop and handler, with the event loop's part played by the test. */
final class RequestBodyBufferTest {
    private final HttpServerOptions options =
            HttpServerOptions.builder().bodyBuffer(1000).build();
    private final EmbeddedChannel channel = new EmbeddedChannel();
    private final Dispatcher dispatcher = new Dispatcher(new Contexts(), options, Runnable::run);
    private final ConnectionPort port =
            new ConnectionPort(channel, new HttpConnection(channel, dispatcher, new NoCodec()));
    private final RequestBody body = new RequestBody(port, options, false, false);

    /** Nothing is decoded here. */
    private static final class NoCodec implements HttpCodec {
        @Override
        public void stay() {}

        @Override
        public void hold() {}

        @Override
        public boolean isHeadBegun() {
            return false;
        }

        @Override
        public boolean isHolding() {
            return false;
        }

        @Override
        public void proceed() {}

        @Override
        public void leave(ChannelHandlerContext last, @Nullable HttpResponse response, List<ChannelHandler> next) {
            throw new AssertionError("nobody takes the connection");
        }
    }

    @AfterEach
    void close() {
        channel.finishAndReleaseAll();
    }

    private static ByteBuf piece(String text) {
        return ByteBufAllocator.DEFAULT.directBuffer().writeBytes(text.getBytes(US_ASCII));
    }

    @Test
    void whatHasComeOutlivesTheConnectionAndNeedsNoRelease() throws Exception {
        ByteBuf piece = piece("abc");
        body.offer(piece);

        body.connectionClosed();

        assertThat(piece.refCnt()).isZero();
        assertThat(body.readNBytes(3)).asString(US_ASCII).isEqualTo("abc");
        assertThatThrownBy(body::read).isInstanceOf(IOException.class);
    }

    @Test
    void aBodyThatHasComeWholeIsReadWholeOrInParts() throws Exception {
        body.offer(piece("abc"));
        body.offer(piece("de"));
        body.end();

        assertThat(body.readNBytes(4)).asString(US_ASCII).isEqualTo("abcd");
        assertThat(body.readAllBytes()).asString(US_ASCII).isEqualTo("e");
        assertThat(body.readAllBytes()).isEmpty();
        assertThat(body.skip(1)).isZero();
    }

    @Test
    void aPieceThatWasReadIsReleased() throws Exception {
        ByteBuf piece = piece("ab");
        body.offer(piece);

        assertThat(body.read()).isEqualTo('a');
        assertThat(piece.refCnt()).isOne();
        assertThat(body.read()).isEqualTo('b');
        assertThat(piece.refCnt()).isZero();
    }

    @Test
    void aClosedBodyReleasesWhatItHasAndWhatComes() {
        ByteBuf held = piece("ab");
        ByteBuf late = piece("cd");
        body.offer(held);
        body.close();

        assertThat(body.offer(late)).isEqualTo(Offer.DISCARDED);
        assertThat(held.refCnt()).isZero();
        assertThat(late.refCnt()).isZero();
    }

    @Test
    void theStopIsSaidOnceAndUndoneAtHalf() throws Exception {
        assertThat(body.offer(piece("x".repeat(600)))).isEqualTo(Offer.TAKEN);
        assertThat(body.offer(piece("x".repeat(600)))).isEqualTo(Offer.TAKEN_NOW_STOP);
        assertThat(body.offer(piece("x".repeat(600)))).isEqualTo(Offer.TAKEN);

        body.readNBytes(600);
        assertThat(channel.hasPendingTasks()).as("asked to go on").isFalse();
        body.readNBytes(1100);
        assertThat(channel.hasPendingTasks()).as("asked to go on").isTrue();
        body.close();
    }

    /** Else a client could fill memory with chunks of one byte, each of which costs an object. */
    @Test
    void smallPiecesAreNotFree() {
        Offer offer = Offer.TAKEN;
        int count = 0;
        while (offer == Offer.TAKEN) {
            offer = body.offer(piece("x"));
            count++;
        }

        assertThat(count).isLessThan(10);
        body.close();
    }
}
