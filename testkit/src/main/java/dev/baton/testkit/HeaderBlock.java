package dev.baton.testkit;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/**
 * Header sections as HPACK encodes them (RFC 7541), for a client that has set the size of the dynamic table to 0: the
 * static table, and literals. What it writes are literals alone.
 */
final class HeaderBlock {
    /** Appendix A; a name, and after a space the value if there is one. */
    private static final List<String> STATIC = List.of(
            ":authority",
            ":method GET",
            ":method POST",
            ":path /",
            ":path /index.html",
            ":scheme http",
            ":scheme https",
            ":status 200",
            ":status 204",
            ":status 206",
            ":status 304",
            ":status 400",
            ":status 404",
            ":status 500",
            "accept-charset",
            "accept-encoding gzip, deflate",
            "accept-language",
            "accept-ranges",
            "accept",
            "access-control-allow-origin",
            "age",
            "allow",
            "authorization",
            "cache-control",
            "content-disposition",
            "content-encoding",
            "content-language",
            "content-length",
            "content-location",
            "content-range",
            "content-type",
            "cookie",
            "date",
            "etag",
            "expect",
            "expires",
            "from",
            "host",
            "if-match",
            "if-modified-since",
            "if-none-match",
            "if-range",
            "if-unmodified-since",
            "last-modified",
            "link",
            "location",
            "max-forwards",
            "proxy-authenticate",
            "proxy-authorization",
            "range",
            "referer",
            "refresh",
            "retry-after",
            "server",
            "set-cookie",
            "strict-transport-security",
            "transfer-encoding",
            "user-agent",
            "vary",
            "via",
            "www-authenticate");

    private final byte[] block;
    private int at;

    private HeaderBlock(byte[] block) {
        this.block = block;
    }

    /** Names and values in turn. */
    static byte[] encode(List<String> lines) {
        ByteArrayOutputStream block = new ByteArrayOutputStream();
        for (int i = 0; i < lines.size(); i += 2) {
            block.write(0); // Literal without indexing, with a new name.
            string(block, lines.get(i));
            string(block, lines.get(i + 1));
        }
        return block.toByteArray();
    }

    private static void string(ByteArrayOutputStream block, String text) {
        int length = text.length();
        if (length < 127) {
            block.write(length);
        } else {
            block.write(127);
            int rest = length - 127;
            while (rest >= 128) {
                block.write(rest % 128 + 128);
                rest /= 128;
            }
            block.write(rest);
        }
        block.writeBytes(text.getBytes(ISO_8859_1));
    }

    /** Names and values in turn. */
    static List<String> decode(byte[] block) throws IOException {
        return new HeaderBlock(block).lines();
    }

    private List<String> lines() throws IOException {
        List<String> lines = new ArrayList<>();
        while (at < block.length) {
            int first = block[at] & 0xff;
            if (first >= 0x80) {
                String[] entry = entry(integer(7));
                lines.add(entry[0]);
                lines.add(entry[1]);
            } else if (first >= 0x20 && first < 0x40) {
                if (integer(5) != 0) {
                    throw new IOException("the dynamic table was to stay empty");
                }
            } else {
                int index = integer(first >= 0x40 ? 6 : 4);
                lines.add(index == 0 ? string() : entry(index)[0]);
                lines.add(string());
            }
        }
        return lines;
    }

    private static String[] entry(int index) throws IOException {
        if (index < 1 || index > STATIC.size()) {
            throw new IOException("no entry " + index + " in the header table");
        }
        String[] entry = STATIC.get(index - 1).split(" ", 2);
        return entry.length == 2 ? entry : new String[] {entry[0], ""};
    }

    private int integer(int bits) {
        int mask = (1 << bits) - 1;
        int value = block[at++] & mask;
        if (value < mask) {
            return value;
        }
        int shift = 0;
        int next;
        do {
            next = block[at++] & 0xff;
            value += (next & 0x7f) << shift;
            shift += 7;
        } while (next >= 0x80);
        return value;
    }

    private String string() throws IOException {
        boolean huffman = block[at] < 0;
        int length = integer(7);
        int from = at;
        at += length;
        if (at > block.length) {
            throw new IOException("a header section ends in the middle of a string");
        }
        return huffman
                ? new String(Huffman.decode(block, from, at), ISO_8859_1)
                : new String(block, from, length, ISO_8859_1);
    }
}
