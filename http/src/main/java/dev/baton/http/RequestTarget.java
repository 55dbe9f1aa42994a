package dev.baton.http;

import java.net.URI;
import java.net.URISyntaxException;
import org.jspecify.annotations.Nullable;

/**
 * The target of a request (RFC 9112, section 3.2): its decoded path, which chooses the context, and its URI.
 *
 * <p>Parsing a {@link URI} costs more than all the rest of a small request's dispatch. A target of plain characters needs
 * no decoding and is always a valid URI, so its URI is made only when it is asked for.
 */
final class RequestTarget {
    private static final boolean[] PLAIN = new boolean[128];

    static {
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~/"
                .chars()
                .forEach(c -> PLAIN[c] = true);
    }

    private final String text;
    private final String path;
    private volatile @Nullable URI uri;

    private RequestTarget(String text, String path, @Nullable URI uri) {
        this.text = text;
        this.path = path;
        this.uri = uri;
    }

    /** Gives null if the text is no URI with a path. */
    static @Nullable RequestTarget parse(String text) {
        if (isPlain(text)) {
            return new RequestTarget(text, text, null);
        }
        try {
            URI uri = new URI(text);
            String path = uri.getPath();
            return path == null ? null : new RequestTarget(text, path, uri);
        } catch (URISyntaxException e) {
            return null;
        }
    }

    /** An absolute path; "//" would begin an authority. */
    private static boolean isPlain(String text) {
        int length = text.length();
        if (length == 0 || text.charAt(0) != '/' || (length > 1 && text.charAt(1) == '/')) {
            return false;
        }
        for (int i = 1; i < length; i++) {
            char c = text.charAt(i);
            if (c >= PLAIN.length || !PLAIN[c]) {
                return false;
            }
        }
        return true;
    }

    String path() {
        return path;
    }

    URI uri() {
        URI known = uri;
        if (known == null) {
            known = URI.create(text);
            uri = known;
        }
        return known;
    }

    @Override
    public String toString() {
        return text;
    }
}
