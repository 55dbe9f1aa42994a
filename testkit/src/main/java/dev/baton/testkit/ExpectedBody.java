package dev.baton.testkit;

import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/** What the body of a response must be, to the byte. Safe for use by any thread. */
public abstract sealed class ExpectedBody {
    private ExpectedBody() {}

    /** These bytes. The fastest check: it compares in place. */
    public static ExpectedBody bytes(byte[] bytes) {
        return new Exact(bytes.clone());
    }

    /** A body of this length with this SHA-256, in hexadecimal digits: for bodies too large to keep. */
    public static ExpectedBody sha256(long length, String digest) {
        return new Hashed(length, HexFormat.of().parseHex(digest));
    }

    /** Any body; only its framing is checked. */
    public static ExpectedBody anything() {
        return Anything.INSTANCE;
    }

    /** A check of one body, fed with its parts in order. */
    abstract Check check();

    interface Check {
        /** Takes every byte of {@code part}. */
        void accept(ByteBuffer part) throws ResponseFault;

        /** The body is complete. */
        void end() throws ResponseFault;
    }

    private static ResponseFault wrong(String detail) {
        return new ResponseFault(FailureKind.WRONG_BODY, detail);
    }

    private static final class Exact extends ExpectedBody {
        private final byte[] bytes;

        Exact(byte[] bytes) {
            this.bytes = bytes;
        }

        @Override
        Check check() {
            ByteBuffer expected = ByteBuffer.wrap(bytes);
            return new Check() {
                @Override
                public void accept(ByteBuffer part) throws ResponseFault {
                    int length = part.remaining();
                    if (length > expected.remaining()) {
                        throw wrong("longer than the expected " + bytes.length + " bytes");
                    }
                    ByteBuffer same = expected.slice(expected.position(), length);
                    int mismatch = same.mismatch(part);
                    if (mismatch >= 0) {
                        throw wrong("differs at byte " + (expected.position() + mismatch) + " of " + bytes.length);
                    }
                    expected.position(expected.position() + length);
                    part.position(part.limit());
                }

                @Override
                public void end() throws ResponseFault {
                    if (expected.hasRemaining()) {
                        throw wrong(expected.position() + " bytes instead of " + bytes.length);
                    }
                }
            };
        }
    }

    private static final class Hashed extends ExpectedBody {
        private final long length;
        private final byte[] digest;

        Hashed(long length, byte[] digest) {
            this.length = length;
            this.digest = digest;
        }

        @Override
        Check check() {
            MessageDigest actual;
            try {
                actual = MessageDigest.getInstance("SHA-256");
            } catch (NoSuchAlgorithmException e) {
                throw new AssertionError("every JDK has SHA-256", e);
            }
            return new Check() {
                private long seen;

                @Override
                public void accept(ByteBuffer part) throws ResponseFault {
                    seen += part.remaining();
                    if (seen > length) {
                        throw wrong("longer than the expected " + length + " bytes");
                    }
                    actual.update(part);
                }

                @Override
                public void end() throws ResponseFault {
                    if (seen != length) {
                        throw wrong(seen + " bytes instead of " + length);
                    }
                    if (!MessageDigest.isEqual(actual.digest(), digest)) {
                        throw wrong("another SHA-256 than expected");
                    }
                }
            };
        }
    }

    private static final class Anything extends ExpectedBody {
        static final Anything INSTANCE = new Anything();

        @Override
        Check check() {
            return new Check() {
                @Override
                public void accept(ByteBuffer part) {
                    part.position(part.limit());
                }

                @Override
                public void end() {}
            };
        }
    }
}
