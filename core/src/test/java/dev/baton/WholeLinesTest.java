package dev.baton;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.baton.posix.Descriptors;
import dev.baton.posix.Pipe;
import dev.baton.posix.PosixException;
import java.io.ByteArrayOutputStream;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class WholeLinesTest {
    private static final Executor THREADS =
            command -> Thread.ofPlatform().daemon().start(command);
    private static final int LINES = 5_000;

    private Pipe pipe;
    private WholeLines lines;

    @BeforeEach
    void open() throws Exception {
        pipe = Pipe.open();
        lines = new WholeLines(pipe.writer());
    }

    @AfterEach
    void close() throws Exception {
        Descriptors.close(pipe.reader());
    }

    private void write(String text) throws PosixException {
        byte[] bytes = text.getBytes(UTF_8);
        lines.write(bytes, bytes.length);
    }

    private String next() throws PosixException {
        byte[] buffer = new byte[100_000];
        int count = Pipe.read(pipe.reader(), buffer);
        return new String(buffer, 0, Math.max(0, count), UTF_8);
    }

    @Test
    void theBeginningOfALineWaitsForItsEnd() throws Exception {
        write("one\ntw");
        assertThat(next()).isEqualTo("one\n");
        write("o\nth");
        assertThat(next()).isEqualTo("two\n");
        lines.flush();
        assertThat(next()).isEqualTo("th");
        write("ree\n");
        assertThat(next()).isEqualTo("ree\n");
        Descriptors.close(pipe.writer());
    }

    @Test
    void aLineTooLongForOnePieceGoesInSeveral() throws Exception {
        String text = "short\n" + "x".repeat(20_000) + "\nnext\n" + "y".repeat(4_096) + "\n";
        write(text);
        assertThat(next()).isEqualTo(text);
        Descriptors.close(pipe.writer());
    }

    /** Reads that end anywhere, a pipe that is full most of the time, and another writer of whole lines. */
    @Test
    void noLineStandsInTheMiddleOfAnothers() throws Exception {
        CompletableFuture<List<String>> read = CompletableFuture.supplyAsync(this::readToTheEnd, THREADS);
        CompletableFuture<?> other = CompletableFuture.runAsync(this::writeDirectly, THREADS);
        byte[] all = "a line of these\n".repeat(LINES).getBytes(UTF_8);
        for (int from = 0; from < all.length; from += 8_191) {
            byte[] chunk = Arrays.copyOfRange(all, from, Math.min(all.length, from + 8_191));
            lines.write(chunk, chunk.length);
        }
        other.join();
        Descriptors.close(pipe.writer());
        assertThat(read.join()).hasSize(2 * LINES).containsOnly("a line of these", "and one of those");
    }

    private void writeDirectly() {
        try {
            byte[] line = "and one of those\n".getBytes(UTF_8);
            for (int i = 0; i < LINES; i++) {
                Descriptors.write(pipe.writer(), line, line.length);
            }
        } catch (PosixException e) {
            throw new IllegalStateException(e);
        }
    }

    private List<String> readToTheEnd() {
        try {
            ByteArrayOutputStream all = new ByteArrayOutputStream();
            byte[] buffer = new byte[1_000];
            for (int count = 0; count != Pipe.END; count = Pipe.read(pipe.reader(), buffer)) {
                all.write(buffer, 0, count);
                Pipe.awaitReadable(pipe.reader());
            }
            return all.toString(UTF_8).lines().toList();
        } catch (PosixException e) {
            throw new IllegalStateException(e);
        }
    }
}
