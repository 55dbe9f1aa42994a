package dev.baton.http;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.Unpooled;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.util.ReferenceCountUtil;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** The decoder alone, because only so is it certain where the bytes are cut. */
final class RequestDecoderTest {
    private static final String PLAIN = "GET / HTTP/1.1\r\nHost: t\r\nX: a\r\nY: c\r\n\r\n";
    private static final String FOLDED = "GET / HTTP/1.1\r\nHost: t\r\nX: a\r\n b\r\nY: c\r\n\r\n";

    private final RequestDecoder decoder = new RequestDecoder(HttpServerOptions.defaults());
    private final EmbeddedChannel channel = new EmbeddedChannel(decoder);

    @AfterEach
    void close() {
        channel.finishAndReleaseAll();
    }

    /** The head that results, if any; what else there is is released. */
    private @Nullable HttpRequest decode(String bytes) {
        channel.writeInbound(Unpooled.copiedBuffer(bytes, US_ASCII));
        HttpRequest head = null;
        for (Object message = channel.readInbound(); message != null; message = channel.readInbound()) {
            if (message instanceof HttpRequest request) {
                head = request;
            }
            ReferenceCountUtil.release(message);
        }
        return head;
    }

    private HttpRequest decodeInTwo(String bytes, int cut) {
        HttpRequest first = decode(bytes.substring(0, cut));
        HttpRequest second = decode(bytes.substring(cut));
        if (first == null && second != null) {
            return second;
        }
        throw new AssertionError("not one head, cut at " + cut);
    }

    @Test
    void aFoldedLineIsSeenWhereverTheBytesAreCut() {
        for (int cut = 1; cut < FOLDED.length(); cut++) {
            assertThat(decodeInTwo(FOLDED, cut).decoderResult().isFailure())
                    .as("cut at %d", cut)
                    .isTrue();
        }
    }

    @Test
    void otherLinesAreGoodWhereverTheBytesAreCut() {
        for (int cut = 1; cut < PLAIN.length(); cut++) {
            assertThat(decodeInTwo(PLAIN, cut).decoderResult().isSuccess())
                    .as("cut at %d", cut)
                    .isTrue();
        }
    }

    @Test
    void itIsKnownWhetherAHeadHasBegun() {
        assertThat(decoder.isHeadBegun()).isFalse();
        for (int cut = 1; cut < PLAIN.length(); cut++) {
            decode(PLAIN.substring(0, cut));
            assertThat(decoder.isHeadBegun()).as("cut at %d", cut).isTrue();
            decode(PLAIN.substring(cut));
            assertThat(decoder.isHeadBegun()).as("after the head").isFalse();
        }
    }
}
