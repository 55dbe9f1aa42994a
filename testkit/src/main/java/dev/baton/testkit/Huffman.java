package dev.baton.testkit;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.stream.IntStream;

/**
 * The Huffman code of HPACK (RFC 7541, appendix B). It is canonical: the codes are given by their lengths, because those of
 * one length follow each other in the order of their symbols, and come after all shorter ones.
 */
final class Huffman {
    /** For each symbol the length of its code: 'A' is 5 bits. The last is the end of a string, which must not occur. */
    private static final String LENGTHS = "ISXXXXXXXTZXXZXXXXXXXXZXXXXXXXXXBFFHIBDGFFDGDBBBAAABBBBBBBCDKBHF"
            + "IBCCCCCCCCCCCCCCCCCCCCCCDCDIOIJBKABABABBBACCBBBABCBAABCCCCCKGJIX"
            + "PRPPRRRSRSSSSSTSTTRSTSSSSQRSRSSTRQPRRSSQSRRTQRSSQQRQSRSSPRRRSRRS"
            + "VVPORSRUVVVWWVTUOQVWWVWTQQVVXWWWPTPQRQQSRRUUTTVSVWVVWWWWWXWWWWWVZ";

    private static final int END = 256;
    private static final int LONGEST = 30;

    /** The symbols in the order of their codes. */
    private static final int[] SYMBOLS = IntStream.rangeClosed(5, LONGEST)
            .flatMap(length -> IntStream.rangeClosed(0, END).filter(symbol -> length(symbol) == length))
            .toArray();

    private Huffman() {}

    private static int length(int symbol) {
        return LENGTHS.charAt(symbol) - 'A' + 5;
    }

    static byte[] decode(byte[] source, int from, int to) throws IOException {
        ByteArrayOutputStream decoded = new ByteArrayOutputStream();
        Bits bits = new Bits(source, from, to);
        while (true) {
            int symbol = next(bits);
            if (symbol < 0) {
                return decoded.toByteArray();
            }
            decoded.write(symbol);
        }
    }

    /** Gives -1 at the end, whose padding of less than a byte is all ones. */
    private static int next(Bits bits) throws IOException {
        int code = 0;
        int firstOfLength = 0;
        int index = 0;
        boolean onlyOnes = true;
        for (int length = 1; length <= LONGEST; length++) {
            if (!bits.hasNext()) {
                if (length > 8 || !onlyOnes) {
                    throw new IOException("a Huffman string ends in the middle of a symbol");
                }
                return -1;
            }
            int bit = bits.next();
            onlyOnes &= bit == 1;
            code = code << 1 | bit;
            firstOfLength <<= 1;
            int count = 0;
            while (index + count < SYMBOLS.length && length(SYMBOLS[index + count]) == length) {
                count++;
            }
            if (code - firstOfLength < count) {
                int symbol = SYMBOLS[index + code - firstOfLength];
                if (symbol == END) {
                    throw new IOException("a Huffman string has the symbol of its end in it");
                }
                return symbol;
            }
            index += count;
            firstOfLength += count;
        }
        throw new IOException("not a code of HPACK");
    }

    private static final class Bits {
        private final byte[] source;
        private final int to;
        private int at;
        private int bit;

        Bits(byte[] source, int from, int to) {
            this.source = source;
            this.at = from;
            this.to = to;
        }

        boolean hasNext() {
            return at < to;
        }

        int next() {
            int value = source[at] >> (7 - bit) & 1;
            bit++;
            if (bit == 8) {
                bit = 0;
                at++;
            }
            return value;
        }
    }
}
