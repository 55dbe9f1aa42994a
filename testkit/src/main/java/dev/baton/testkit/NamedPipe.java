package dev.baton.testkit;

import java.io.File;
import java.io.FileInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;

/**
 * A pipe with a name, through which a child and its successors print.
 *
 * <p>The pipe that {@link Process#getInputStream()} offers will not do: the JDK closes it when the child exits, and with
 * it the output of a successor that has inherited it.
 */
final class NamedPipe implements AutoCloseable {
    private final Path path;
    private final RandomAccessFile keeper;
    private final InputStream reader;

    /** Makes the pipe. Until {@link #close()} it stays open for writing too, so that nobody blocks in open(2). */
    NamedPipe(Path path) throws IOException, InterruptedException {
        this.path = path;
        Process mkfifo = new ProcessBuilder("mkfifo", "-m", "600", path.toString())
                .inheritIO()
                .start();
        if (!mkfifo.waitFor(10, TimeUnit.SECONDS) || mkfifo.exitValue() != 0) {
            throw new IOException("mkfifo could not make " + path);
        }
        keeper = new RandomAccessFile(path.toFile(), "rw");
        reader = new FileInputStream(path.toFile());
    }

    /** What a process is to be started with. */
    File file() {
        return path.toFile();
    }

    /** The reading end, which ends when the last writer has gone; the caller closes it. */
    InputStream reader() {
        return reader;
    }

    /** Leaves the pipe to those who have it open by now. */
    @Override
    public void close() throws IOException {
        keeper.close();
        Files.deleteIfExists(path);
    }
}
