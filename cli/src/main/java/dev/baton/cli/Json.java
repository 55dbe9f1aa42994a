package dev.baton.cli;

import java.util.Iterator;
import java.util.List;
import java.util.Map;

/** Writes maps, lists, texts, numbers and truth values as JSON (RFC 8259), indented by two spaces. */
final class Json {
    private final StringBuilder out = new StringBuilder();

    private Json() {}

    /** The text of a value. */
    static String write(Object value) {
        Json json = new Json();
        json.value(value, "\n");
        return json.out.toString();
    }

    /** The same on one line. */
    static String line(Object value) {
        Json json = new Json();
        json.value(value, "");
        return json.out.toString();
    }

    private void value(Object value, String newline) {
        switch (value) {
            case Map<?, ?> map -> object(map, newline);
            case List<?> list -> array(list, newline);
            case String text -> string(text);
            case Boolean truth -> out.append(truth);
            case Double number
            when number.isNaN() || number.isInfinite() -> throw new IllegalArgumentException("JSON has no " + number);
            case Number number -> out.append(number);
            default -> throw new IllegalArgumentException("not a JSON value: " + value.getClass());
        }
    }

    private void object(Map<?, ?> map, String newline) {
        out.append('{');
        for (Iterator<? extends Map.Entry<?, ?>> i = map.entrySet().iterator(); i.hasNext(); ) {
            Map.Entry<?, ?> entry = i.next();
            String inner = inner(newline);
            out.append(inner);
            string(String.valueOf(entry.getKey()));
            out.append(": ");
            value(entry.getValue(), inner);
            out.append(i.hasNext() ? "," : newline);
        }
        out.append('}');
    }

    private void array(List<?> list, String newline) {
        out.append('[');
        for (Iterator<?> i = list.iterator(); i.hasNext(); ) {
            String inner = inner(newline);
            out.append(inner);
            value(i.next(), inner);
            out.append(i.hasNext() ? "," : newline);
        }
        out.append(']');
    }

    /** What is before a value within another one. */
    private static String inner(String newline) {
        return newline.isEmpty() ? "" : newline + "  ";
    }

    private void string(String text) {
        out.append('"');
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            switch (c) {
                case '"' -> out.append("\\\"");
                case '\\' -> out.append("\\\\");
                case '\n' -> out.append("\\n");
                case '\r' -> out.append("\\r");
                case '\t' -> out.append("\\t");
                default -> {
                    if (c < 0x20) {
                        out.append("\\u00")
                                .append(Character.forDigit(c >> 4, 16))
                                .append(Character.forDigit(c & 15, 16));
                    } else {
                        out.append(c);
                    }
                }
            }
        }
        out.append('"');
    }
}
