package dev.baton.run;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntPredicate;

/** Who descends from this process, by proc_pid_stat(5). */
final class ProcessTree {
    private static final Path PROC = Path.of("/proc");
    private static final int NONE = 0;

    private ProcessTree() {}

    static boolean isDescendant(int pid) {
        return isDescendant(pid, _ -> false);
    }

    private static boolean isDescendant(int pid, IntPredicate spared) {
        int self = (int) ProcessHandle.current().pid();
        int at = pid;
        while (at > NONE && at != self && !spared.test(at)) {
            at = parent(at);
        }
        return at == self && pid != self;
    }

    /** All that descend from this process at this moment, without the spared ones and what descends from them. */
    static List<Integer> descendants(IntPredicate spared) throws IOException {
        List<Integer> found = new ArrayList<>();
        try (DirectoryStream<Path> processes = Files.newDirectoryStream(PROC, "[0-9]*")) {
            for (Path process : processes) {
                int pid = Integer.parseInt(process.getFileName().toString());
                if (isDescendant(pid, spared)) {
                    found.add(pid);
                }
            }
        }
        return found;
    }

    /** The second field behind the name, which is in parentheses and may contain some. */
    private static int parent(int pid) {
        try {
            byte[] bytes =
                    Files.readAllBytes(PROC.resolve(Integer.toString(pid)).resolve("stat"));
            String stat = new String(bytes, StandardCharsets.ISO_8859_1);
            return Integer.parseInt(stat.substring(stat.lastIndexOf(')') + 2).split(" ", 3)[1]);
        } catch (IOException e) {
            return NONE; // It has gone.
        }
    }
}
