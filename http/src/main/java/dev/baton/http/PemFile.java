package dev.baton.http;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The blocks of a PEM file (RFC 7468). What stands between them is comment, as the tools that write it have it. */
final class PemFile {
    private static final Pattern BLOCK =
            Pattern.compile("-----BEGIN ([A-Z0-9 ]+)-----\\R(.*?)-----END \\1-----", Pattern.DOTALL);

    /** Lines such as {@code Proc-Type: 4,ENCRYPTED}, which OpenSSL once put before the data (RFC 1421). */
    private static final Pattern HEADER_LINES = Pattern.compile("^[A-Za-z-]+: .*$\\R", Pattern.MULTILINE);

    private PemFile() {}

    /** A block, with a copy of its bytes for every caller. */
    @SuppressWarnings("ArrayRecordComponent") // Nobody compares blocks.
    record Block(String label, boolean encrypted, byte[] der) {}

    /**
     * Reads a file.
     *
     * @param what says in messages what it is: {@code certificate}
     * @throws TlsException if it cannot be read, or a block holds no Base64
     */
    static List<Block> read(Path file, String what) throws TlsException {
        List<Block> blocks = new ArrayList<>();
        Matcher matcher = BLOCK.matcher(text(file, what));
        while (matcher.find()) {
            String label = matcher.group(1);
            String headers = matcher.group(2);
            String body = HEADER_LINES.matcher(headers).replaceAll("");
            boolean encrypted = label.startsWith("ENCRYPTED") || headers.contains("ENCRYPTED");
            try {
                blocks.add(new Block(label, encrypted, Base64.getDecoder().decode(body.replaceAll("\\s", ""))));
            } catch (IllegalArgumentException e) {
                throw new TlsException("the " + what + " file " + file + " is damaged: " + e.getMessage(), e);
            }
        }
        return blocks;
    }

    private static String text(Path file, String what) throws TlsException {
        try {
            return Files.readString(file, StandardCharsets.ISO_8859_1);
        } catch (NoSuchFileException e) {
            throw new TlsException("the " + what + " file " + file + " does not exist; create it or name another", e);
        } catch (AccessDeniedException e) {
            throw new TlsException(
                    "the " + what + " file " + file + " cannot be read by this user; change its mode or owner", e);
        } catch (IOException e) {
            throw new TlsException("the " + what + " file " + file + " cannot be read: " + e.getMessage(), e);
        }
    }
}
