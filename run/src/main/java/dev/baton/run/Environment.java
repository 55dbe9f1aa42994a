package dev.baton.run;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;

/** Variables as the kernel has them, {@code NAME=value}: bytes, because what they hold need not be text. */
final class Environment {
    private static final Pattern SHELL_VARIABLE = Pattern.compile("[A-Za-z_][A-Za-z0-9_]*=");

    private final List<byte[]> variables;

    Environment(List<byte[]> variables) {
        this.variables = new ArrayList<>(variables);
    }

    /** Those with which this process was started. */
    static Environment initial() throws IOException {
        return new Environment(split(Files.readAllBytes(Path.of("/proc/self/environ"))));
    }

    /** What the kernel separates by zeros: proc_pid_environ(5), proc_pid_cmdline(5). */
    static List<byte[]> split(byte[] bytes) {
        List<byte[]> texts = new ArrayList<>();
        ByteArrayOutputStream text = new ByteArrayOutputStream();
        for (byte one : bytes) {
            if (one == 0) {
                texts.add(text.toByteArray());
                text.reset();
            } else {
                text.write(one);
            }
        }
        return texts;
    }

    Environment copy() {
        return new Environment(variables);
    }

    Optional<String> get(String name) {
        return variables.stream()
                .filter(variable -> isNamed(variable, name))
                .map(variable -> new String(variable, StandardCharsets.UTF_8).substring(name.length() + 1))
                .findFirst();
    }

    void set(String name, String value) {
        remove(name);
        variables.add((name + "=" + value).getBytes(StandardCharsets.UTF_8));
    }

    /** Adds text to the value of a variable, behind a space if there is one. */
    void append(String name, String text) {
        for (int i = 0; i < variables.size(); i++) {
            byte[] variable = variables.get(i);
            if (isNamed(variable, name)) {
                boolean isEmpty = variable.length == name.length() + 1;
                ByteArrayOutputStream longer = new ByteArrayOutputStream();
                longer.writeBytes(variable);
                longer.writeBytes(((isEmpty ? "" : " ") + text).getBytes(StandardCharsets.UTF_8));
                variables.set(i, longer.toByteArray());
                return;
            }
        }
        set(name, text);
    }

    /** Gives a variable another name; there is none of the old name afterwards. */
    void rename(String name, String other) {
        remove(other);
        for (int i = 0; i < variables.size(); i++) {
            byte[] variable = variables.get(i);
            if (isNamed(variable, name)) {
                ByteArrayOutputStream renamed = new ByteArrayOutputStream();
                renamed.writeBytes(other.getBytes(StandardCharsets.US_ASCII));
                renamed.write(variable, name.length(), variable.length - name.length());
                variables.set(i, renamed.toByteArray());
            }
        }
    }

    /** Takes out the variables whose names a shell does not know, and would not pass on; what is none is lost. */
    List<byte[]> takeUnknownToShells() {
        List<byte[]> taken = variables.stream()
                .filter(variable -> !SHELL_VARIABLE
                        .matcher(new String(variable, StandardCharsets.ISO_8859_1))
                        .lookingAt())
                .toList();
        variables.removeAll(taken);
        return taken.stream()
                .filter(variable -> new String(variable, StandardCharsets.ISO_8859_1).indexOf('=') > 0)
                .toList();
    }

    void remove(String name) {
        variables.removeIf(variable -> isNamed(variable, name));
    }

    List<byte[]> variables() {
        return List.copyOf(variables);
    }

    private static boolean isNamed(byte[] variable, String name) {
        return new String(variable, StandardCharsets.ISO_8859_1).startsWith(name + "=");
    }
}
