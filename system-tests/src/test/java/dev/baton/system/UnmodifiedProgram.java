package dev.baton.system;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * A program of the module {@code unmodified}, and what it needs.
 *
 * @param main its class
 * @param arguments behind the port
 * @param folder where its libraries are
 * @param libraries the beginnings of their names
 * @param jvmOptions of its JVM
 */
record UnmodifiedProgram(
        String main, List<String> arguments, String folder, List<String> libraries, List<String> jvmOptions) {
    private static final Path MODULE =
            Path.of("../unmodified/target").toAbsolutePath().normalize();

    /** One that needs the JDK alone. */
    static UnmodifiedProgram program(String main, String... arguments) {
        return new UnmodifiedProgram(main, List.of(arguments), "libraries", List.of(), List.of());
    }

    /** With libraries whose names begin so, besides those that it has. */
    UnmodifiedProgram on(String... more) {
        List<String> all = Stream.concat(libraries.stream(), Stream.of(more)).toList();
        return new UnmodifiedProgram(main, arguments, folder, all, jvmOptions);
    }

    /** With libraries of another folder. */
    UnmodifiedProgram from(String other) {
        return new UnmodifiedProgram(main, arguments, other, List.of(""), jvmOptions);
    }

    /** As one that loads a native library is to be started. */
    UnmodifiedProgram withNativeAccess() {
        return new UnmodifiedProgram(main, arguments, folder, libraries, List.of("--enable-native-access=ALL-UNNAMED"));
    }

    /** The program and its libraries; nothing of Baton. */
    String classPath() throws IOException {
        try (Stream<Path> jars = Files.list(MODULE.resolve(folder))) {
            return Stream.concat(
                            Stream.of(MODULE.resolve("classes")),
                            jars.filter(jar -> libraries.stream()
                                    .anyMatch(jar.getFileName().toString()::startsWith)))
                    .map(Path::toString)
                    .collect(Collectors.joining(":"));
        }
    }
}
