package dev.baton.cli;

import java.io.Console;
import java.util.Map;
import java.util.Optional;

/**
 * What the user looks at.
 *
 * @param live whether a line can be drawn again
 * @param colour whether colours are welcome
 */
record Terminal(boolean live, boolean colour) {
    static final Terminal PLAIN = new Terminal(false, false);

    static Terminal detect() {
        boolean terminal = Optional.ofNullable(System.console())
                .filter(Console::isTerminal)
                .isPresent();
        return of(terminal, System.getenv());
    }

    /** NO_COLOR, when present and not empty, is a wish for no colour (no-color.org). */
    static Terminal of(boolean terminal, Map<String, String> environment) {
        boolean live = terminal && !environment.getOrDefault("TERM", "dumb").equals("dumb");
        return new Terminal(
                live, live && environment.getOrDefault("NO_COLOR", "").isEmpty());
    }

    String good(String text) {
        return colour ? "\033[32m" + text + "\033[0m" : text;
    }

    String bad(String text) {
        return colour ? "\033[31m" + text + "\033[0m" : text;
    }

    String heading(String text) {
        return colour ? "\033[1m" + text + "\033[0m" : text;
    }
}
