package dev.baton;

import java.io.IOException;
import java.nio.charset.Charset;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * How this process was started, so that it can be started again.
 *
 * <p>The words are the kernel's, because {@code ProcessHandle.info().arguments()} is empty for long command lines. The
 * first is as it was given, and the directory is the one that {@code $PWD} names, if that is where the process was
 * started: so a symbolic link in either that points to a new release by now is followed anew.
 *
 * @param words program and arguments
 * @param directory the working directory
 */
record CommandLine(List<String> words, Path directory) {

    /**
     * Reads it.
     *
     * @throws IOException if the words cannot be passed on unchanged in this JVM's encoding
     */
    static CommandLine ofThisProcess() throws IOException {
        return new CommandLine(
                words(block(), nativeEncoding()),
                directory(InitialEnvironment.variables().get("PWD")));
    }

    /** The words of this process as the kernel has them: each ended by a zero byte. */
    static byte[] block() throws IOException {
        return Files.readAllBytes(Path.of("/proc/self/cmdline"));
    }

    /**
     * The file that is executed, all symbolic links resolved.
     *
     * @throws IOException if it is not there
     */
    Path launcher() throws IOException {
        String program = words.getFirst();
        if (program.contains("/")) {
            return directory.resolve(program).toRealPath();
        }
        for (String folder :
                InitialEnvironment.variables().getOrDefault("PATH", "").split(":", 0)) {
            Path candidate = directory.resolve(folder).resolve(program);
            if (Files.isExecutable(candidate)) {
                return candidate.toRealPath();
            }
        }
        throw new NoSuchFileException(program, null, "in no folder of PATH");
    }

    /** What operators may call this program: the jar or main class, without folder, package and ending. */
    static String programName() {
        String command = System.getProperty("sun.java.command", "").split(" ", 2)[0];
        String file = command.substring(command.lastIndexOf('/') + 1);
        String name = file.endsWith(".jar")
                ? file.substring(0, file.length() - ".jar".length())
                : file.substring(file.lastIndexOf('.') + 1);
        return name.isEmpty() ? "baton" : name;
    }

    /** The jar of {@code java -jar}, of which the JVM makes the class path; empty if this process was started otherwise. */
    Optional<Path> jar() {
        String classPath = System.getProperty("java.class.path", "");
        String started = System.getProperty("sun.java.command", "") + " ";
        return !classPath.isEmpty() && started.startsWith(classPath + " ")
                ? Optional.of(directory.resolve(classPath))
                : Optional.empty();
    }

    /** Why a start has failed; the JDK says "No such file or directory" whatever is missing. */
    String explain(Throwable failure) {
        if (!Files.isDirectory(directory)) {
            return "its working directory " + directory + " does not exist";
        }
        Path program = directory.resolve(words.getFirst());
        if (words.getFirst().contains("/") && !Files.exists(program)) {
            return program + " does not exist";
        }
        return String.valueOf(failure.getMessage()).strip();
    }

    /** The encoding in which the JVM reads its arguments and gives them to children. */
    private static Charset nativeEncoding() {
        return Charset.forName(System.getProperty("sun.jnu.encoding", "UTF-8"));
    }

    static List<String> words(byte[] block, Charset encoding) throws IOException {
        List<String> words = new ArrayList<>();
        int start = 0;
        for (int end = 0; end < block.length; end++) {
            if (block[end] == 0) {
                byte[] bytes = Arrays.copyOfRange(block, start, end);
                String word = new String(bytes, encoding);
                if (!Arrays.equals(word.getBytes(encoding), bytes)) {
                    throw new IOException("argument " + words.size() + " of the command line is not valid " + encoding
                            + "; set LC_ALL=C.UTF-8 when starting the service");
                }
                words.add(word);
                start = end + 1;
            }
        }
        return List.copyOf(words);
    }

    private static Path directory(@Nullable String logical) throws IOException {
        Path physical = Path.of("").toAbsolutePath();
        if (logical == null || !logical.startsWith("/")) {
            return physical;
        }
        Path path = Path.of(logical);
        return Files.exists(path) && Files.isSameFile(path, physical) ? path : physical;
    }
}
