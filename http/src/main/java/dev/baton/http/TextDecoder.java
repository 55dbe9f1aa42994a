package dev.baton.http;

import io.netty.buffer.ByteBuf;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CoderResult;
import java.nio.charset.StandardCharsets;

/** Decodes a text message piece by piece; a character that is divided between two pieces comes with the second. */
final class TextDecoder {
    private final CharsetDecoder utf8 = StandardCharsets.UTF_8.newDecoder();
    private ByteBuffer rest = ByteBuffer.allocate(0);

    /**
     * The characters that are complete with this piece.
     *
     * @throws CharacterCodingException if the message is no UTF-8
     */
    String decode(ByteBuf piece, boolean last) throws CharacterCodingException {
        ByteBuffer bytes = ByteBuffer.allocate(rest.remaining() + piece.readableBytes());
        bytes.put(rest);
        piece.readBytes(bytes);
        bytes.flip();
        CharBuffer characters = CharBuffer.allocate(bytes.remaining());
        CoderResult result = utf8.decode(bytes, characters, last);
        if (result.isError()) {
            result.throwException();
        }
        rest = bytes;
        if (last) {
            utf8.reset();
        }
        return characters.flip().toString();
    }
}
