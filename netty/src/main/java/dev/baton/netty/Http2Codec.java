package dev.baton.netty;

import io.netty.handler.codec.http2.DefaultHttp2Connection;
import io.netty.handler.codec.http2.Http2FrameCodec;
import io.netty.handler.codec.http2.Http2FrameCodecBuilder;
import io.netty.handler.codec.http2.Http2Settings;

/** Makes Netty's codec of HTTP/2 frames, for the server's side, with the limits of {@link Http2Options}. */
final class Http2Codec extends Http2FrameCodecBuilder {

    private Http2Codec(Http2Options options) {
        connection(new Streams());
        initialSettings(Http2Settings.defaultSettings()
                .maxConcurrentStreams(options.maxConcurrentStreams())
                .maxHeaderListSize(options.maxHeaderListSize())
                .initialWindowSize(options.streamWindow()));
        validateHeaders(true);
        validateRequiredPseudoHeaders(true);
        // How a connection ends is for Http2Connection to say.
        decoupleCloseAndGoAway(true);
    }

    static Http2FrameCodec of(Http2Options options) {
        return new Http2Codec(options).build();
    }

    /**
     * The streams of a connection.
     *
     * <p>What a client sends on streams above the last one that a GOAWAY has named is ignored (RFC 9113, section 6.8), but
     * for what it does to the state that all streams share: the header table, and the connection's window, to which the
     * bytes are given back. Netty does so for a stream that it knows, and takes any other that is not known for a breach of
     * the protocol, which would end the connection and the streams that are still being served. So it is told here that
     * such a stream may have been.
     */
    private static final class Streams extends DefaultHttp2Connection {
        Streams() {
            super(true);
        }

        @Override
        public boolean streamMayHaveExisted(int streamId) {
            return super.streamMayHaveExisted(streamId)
                    || (goAwaySent()
                            && remote().isValidStreamId(streamId)
                            && streamId > remote().lastStreamKnownByPeer());
        }
    }
}
