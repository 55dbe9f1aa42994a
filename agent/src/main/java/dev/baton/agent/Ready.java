package dev.baton.agent;

import java.net.URI;

/** What says that a program can serve. */
sealed interface Ready {

    /** Reads {@code auto}, {@code listening}, {@code explicit} or {@code health:URL}. */
    static Ready parse(String text) {
        return switch (text) {
            case "auto" -> Rule.AUTO;
            case "listening" -> Rule.LISTENING;
            case "explicit" -> Rule.EXPLICIT;
            default -> {
                if (!text.startsWith(Health.PREFIX)) {
                    throw new IllegalArgumentException(
                            "ready: 'auto', 'listening', 'explicit' or 'health:URL' expected, not " + text);
                }
                yield Health.parse(text.substring(Health.PREFIX.length()));
            }
        };
    }

    /** Whether the start of Spring Boot's applications counts. */
    default boolean heedsApplications() {
        return this == Rule.AUTO || this instanceof Health;
    }

    /** Those that need nothing more. */
    enum Rule implements Ready {
        /** When it listens, and, if it is one of Spring Boot, has published {@code ApplicationReadyEvent}. */
        AUTO,

        /** When it listens on all addresses on which its parent listened; without a parent, when it listens at all. */
        LISTENING,

        /** When it says so: {@code dev.baton.agent.premain.Program.ready()}. */
        EXPLICIT
    }

    /** When it is ready as by {@link Rule#AUTO}, and then answers a URL with a status from 200 to 399. */
    record Health(URI url) implements Ready {
        private static final String PREFIX = "health:";

        private static Health parse(String text) {
            try {
                URI url = URI.create(text);
                boolean http = "http".equalsIgnoreCase(url.getScheme()) || "https".equalsIgnoreCase(url.getScheme());
                if (http && url.getHost() != null) {
                    return new Health(url);
                }
            } catch (IllegalArgumentException e) {
                // The message below serves both.
            }
            throw new IllegalArgumentException(
                    "ready: behind 'health:' a URL with http:// or https:// is expected, not '" + text + "'");
        }

        /** The port that is asked. */
        int port() {
            int port = url.getPort();
            return port >= 0 ? port : isSecure() ? 443 : 80;
        }

        boolean isSecure() {
            return "https".equalsIgnoreCase(url.getScheme());
        }
    }
}
