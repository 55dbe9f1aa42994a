package dev.baton.cli;

import java.util.regex.Pattern;

/** Says whether a text is JSON (RFC 8259), by taking its innermost values away until one is left. */
final class JsonChecker {
    private static final Pattern STRING =
            Pattern.compile("\"(?:[^\"\\\\\\x00-\\x1f]|\\\\(?:[\"\\\\/bfnrt]|u[0-9a-fA-F]{4}))*\"");
    private static final Pattern LITERAL = Pattern.compile(
            "(?<![\\w.+-])(?:true|false|null|-?(?:0|[1-9]\\d*)(?:\\.\\d+)?(?:[eE][+-]?\\d+)?)(?![\\w.+-])");
    private static final Pattern ARRAY = Pattern.compile("\\[(?:[VS](?:,[VS])*)?]");
    private static final Pattern OBJECT = Pattern.compile("\\{(?:S:[VS](?:,S:[VS])*)?}");

    private JsonChecker() {}

    static boolean isValid(String text) {
        // S stands for a string, V for any other value. Space is dropped last, so that "1 2" stays two values.
        String left = LITERAL.matcher(STRING.matcher(text).replaceAll("S")).replaceAll("V");
        left = left.replaceAll("(?<=[SV])\\s+(?=[SV])", "!").replaceAll("[ \\t\\r\\n]", "");
        String before;
        do {
            before = left;
            left = OBJECT.matcher(ARRAY.matcher(left).replaceAll("V")).replaceAll("V");
        } while (!left.equals(before));
        return left.equals("V") || left.equals("S");
    }
}
