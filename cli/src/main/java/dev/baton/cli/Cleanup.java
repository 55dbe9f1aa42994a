package dev.baton.cli;

import java.io.IOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayDeque;
import java.util.Deque;
import org.jspecify.annotations.Nullable;

/**
 * What a command leaves behind unless it is undone, also when a signal ends the command. Steps run once, in the reverse
 * order; one that fails does not keep the others from running. Safe for use by any thread.
 */
final class Cleanup implements AutoCloseable {
    private final Deque<Runnable> steps = new ArrayDeque<>(); // guarded by this
    private final Thread hook = new Thread(this::runAtEnd, "baton-cleanup");
    private volatile boolean ending;

    Cleanup() {
        Runtime.getRuntime().addShutdownHook(hook);
    }

    synchronized void add(Runnable step) {
        steps.push(step);
    }

    void delete(Path directory) {
        add(() -> deleteTree(directory));
    }

    @Override
    public void close() {
        run();
        try {
            Runtime.getRuntime().removeShutdownHook(hook);
        } catch (IllegalStateException e) {
            // The JVM is ending already; the hook finds nothing left to do.
        }
    }

    /** Whether a signal is ending this JVM: what is measured from now on means nothing. */
    boolean ending() {
        return ending;
    }

    private void runAtEnd() {
        ending = true;
        run();
    }

    private synchronized void run() {
        IllegalStateException failed = new IllegalStateException("not everything could be cleaned up");
        while (!steps.isEmpty()) {
            try {
                steps.pop().run();
            } catch (RuntimeException | AssertionError e) {
                failed.addSuppressed(e);
            }
        }
        if (failed.getSuppressed().length > 0) {
            throw failed;
        }
    }

    private static void deleteTree(Path directory) {
        try {
            Files.walkFileTree(directory, new SimpleFileVisitor<>() {
                @Override
                public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws IOException {
                    Files.deleteIfExists(file);
                    return FileVisitResult.CONTINUE;
                }

                @Override
                public FileVisitResult postVisitDirectory(Path visited, @Nullable IOException error)
                        throws IOException {
                    Files.deleteIfExists(visited);
                    return FileVisitResult.CONTINUE;
                }
            });
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(directory + " cannot be deleted", e);
        }
    }
}
