package dev.baton.posix;

import java.util.Set;

/**
 * The platforms whose binary interface this module knows.
 *
 * <p>Everything in {@link Libc} was compared between the two: both take their socket constants from Linux'
 * {@code asm-generic} headers and both are little-endian LP64, so the layouts of {@code sockaddr}, {@code msghdr} and
 * {@code cmsghdr} are the same. A platform that differs gets constants of its own and a third value here.
 */
public enum Platform {
    LINUX_X86_64,
    LINUX_AARCH64;

    private static final Set<String> X86_64 = Set.of("amd64", "x86_64");
    private static final Set<String> AARCH64 = Set.of("aarch64", "arm64");

    /**
     * The platform of this process.
     *
     * @throws UnsupportedOperationException on any other, in words that a user can act on
     */
    public static Platform current() {
        return of(System.getProperty("os.name"), System.getProperty("os.arch"));
    }

    static Platform of(String system, String architecture) {
        if (system.equals("Linux") && X86_64.contains(architecture)) {
            return LINUX_X86_64;
        }
        if (system.equals("Linux") && AARCH64.contains(architecture)) {
            return LINUX_AARCH64;
        }
        throw new UnsupportedOperationException("Baton runs on Linux x86-64 and aarch64; this is " + system + " "
                + architecture + ". Run the program without Baton here.");
    }
}
