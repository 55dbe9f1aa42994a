package dev.baton.http;

import io.netty.handler.codec.http.HttpMethod;
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
    private static final String UNRESERVED = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";

    private static final boolean[] PLAIN = set(UNRESERVED + "/");
    /** The characters of a host's name and of an IP literal (RFC 3986, section 3.2.2). */
    private static final boolean[] NAME = set(UNRESERVED + "%!$&'()*+,;=");

    private static final boolean[] IP_LITERAL = set(UNRESERVED + "%!$&'()*+,;=:");

    private static boolean[] set(String characters) {
        boolean[] set = new boolean[128];
        characters.chars().forEach(c -> set[c] = true);
        return set;
    }

    private final String text;
    private final String path;
    private volatile @Nullable URI uri;

    private RequestTarget(String text, String path, @Nullable URI uri) {
        this.text = text;
        this.path = path;
        this.uri = uri;
    }

    /**
     * Gives null if the text is none of the forms that an origin server is asked with: a path with an optional query, a
     * URI of http or https, or {@code *} with OPTIONS.
     *
     * <p>A path that begins with two slashes is refused: what {@link URI} takes for an authority is for others, such as a
     * proxy that guards some paths, the first part of the path.
     */
    static @Nullable RequestTarget parse(HttpMethod method, String text) {
        if (method.equals(HttpMethod.CONNECT)) {
            return null; // Its target is an authority: parseAuthority.
        }
        if (isPlain(text)) {
            return new RequestTarget(text, text, null);
        }
        try {
            URI uri = new URI(text);
            boolean known = text.startsWith("/")
                    ? !text.startsWith("//")
                    : isAbsolute(uri) || (text.equals("*") && method.equals(HttpMethod.OPTIONS));
            if (!known || uri.getRawFragment() != null) {
                return null;
            }
            return new RequestTarget(text, uri.getPath().isEmpty() ? "/" : uri.getPath(), uri);
        } catch (URISyntaxException e) {
            return null;
        }
    }

    private static boolean isAbsolute(URI uri) {
        return ("http".equalsIgnoreCase(uri.getScheme()) || "https".equalsIgnoreCase(uri.getScheme()))
                && uri.getRawAuthority() != null
                && isHost(uri.getRawAuthority());
    }

    /** Whether a text is a host with an optional port, or empty (RFC 9110, section 7.2). */
    static boolean isHost(String text) {
        int length = text.length();
        int end = text.startsWith("[") ? text.indexOf(']') + 1 : 0;
        if (end > 0) {
            for (int i = 1; i < end - 1; i++) {
                if (!isIn(IP_LITERAL, text.charAt(i))) {
                    return false;
                }
            }
        } else {
            while (end < length && isIn(NAME, text.charAt(end))) {
                end++;
            }
        }
        if (end == length) {
            return true;
        }
        return text.charAt(end) == ':' && isNumber(text, end + 1);
    }

    /** Digits alone from here on, or nothing. */
    private static boolean isNumber(String text, int from) {
        for (int i = from; i < text.length(); i++) {
            if (text.charAt(i) < '0' || text.charAt(i) > '9') {
                return false;
            }
        }
        return true;
    }

    private static boolean isIn(boolean[] characters, char c) {
        return c < characters.length && characters[c];
    }

    /** The host and port of a CONNECT, as the authority of a URI; the path is that of the root. Gives null if it is none. */
    static @Nullable RequestTarget parseAuthority(String text) {
        try {
            URI uri = new URI("//" + text);
            boolean isAuthority = isHost(text) && uri.getHost() != null && uri.getPort() >= 0;
            return isAuthority ? new RequestTarget(text, "/", uri) : null;
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
            if (!isIn(PLAIN, text.charAt(i))) {
                return false;
            }
        }
        return true;
    }

    String path() {
        return path;
    }

    /** The authority of a target that is a whole URI, which goes before the Host header; null for the other forms. */
    @Nullable
    String authority() {
        URI known = uri;
        return known == null || !known.isAbsolute() ? null : known.getRawAuthority();
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
