package dev.baton.posix;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.FileOutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class PipeTest {
    private Pipe pipe;
    private boolean readerOpen = true;
    private boolean writerOpen = true;

    @BeforeEach
    void open() throws PosixException {
        pipe = Pipe.open();
    }

    @AfterEach
    void close() throws PosixException {
        closeReader();
        closeWriter();
    }

    private void closeReader() throws PosixException {
        if (readerOpen) {
            readerOpen = false;
            Descriptors.close(pipe.reader());
        }
    }

    private void closeWriter() throws PosixException {
        if (writerOpen) {
            writerOpen = false;
            Descriptors.close(pipe.writer());
        }
    }

    private static String at(int descriptor) {
        return "/proc/self/fd/" + descriptor;
    }

    private void write(String text) throws Exception {
        try (FileOutputStream out = new FileOutputStream(at(pipe.writer()))) {
            out.write(text.getBytes(UTF_8));
        }
    }

    @Test
    void whatIsWrittenIsReadOnceAndThenThereIsNothingUntilTheEnd() throws Exception {
        byte[] buffer = new byte[3];
        assertThat(Pipe.read(pipe.reader(), buffer)).isZero();
        write("abcd");
        Pipe.awaitReadable(pipe.reader());
        assertThat(Pipe.read(pipe.reader(), buffer)).isEqualTo(3);
        assertThat(new String(buffer, UTF_8)).isEqualTo("abc");
        assertThat(Pipe.read(pipe.reader(), buffer)).isEqualTo(1);
        assertThat(Pipe.read(pipe.reader(), buffer)).isZero();
        closeWriter();
        Pipe.awaitReadable(pipe.reader());
        assertThat(Pipe.read(pipe.reader(), buffer)).isEqualTo(Pipe.END);
    }

    @Test
    void bothEndsAreClosedByExecAndOnlyTheWriterWaits() throws Exception {
        assertThat(Descriptors.isCloseOnExec(pipe.reader())).isTrue();
        assertThat(Descriptors.isCloseOnExec(pipe.writer())).isTrue();
        assertThat(Descriptors.isNonBlocking(pipe.reader())).isTrue();
        assertThat(Descriptors.isNonBlocking(pipe.writer())).isFalse();
    }

    @Test
    void aPipeIsBrokenWhenItsLastReaderHasGone() throws Exception {
        int second = Descriptors.duplicate(pipe.reader());
        closeReader();
        assertThat(Pipe.isBroken(pipe.writer())).isFalse();
        Descriptors.close(second);
        assertThat(Pipe.isBroken(pipe.writer())).isTrue();
    }

    @Test
    void aReplacedDescriptorIsTheOtherFileAndIsPassedOn() throws Exception {
        Pipe other = Pipe.open();
        Descriptors.replace(other.writer(), pipe.writer());
        assertThat(Files.readSymbolicLink(Path.of(at(other.writer()))))
                .isEqualTo(Files.readSymbolicLink(Path.of(at(pipe.writer()))));
        assertThat(Descriptors.isCloseOnExec(other.writer())).isFalse();
        assertThat(Pipe.read(other.reader(), new byte[1]))
                .as("it has no writer")
                .isEqualTo(Pipe.END);
        Descriptors.close(other.reader());
        Descriptors.close(other.writer());
    }

    @Test
    void onlyWhatIsOpenForWritingIsWritable() throws Exception {
        assertThat(Descriptors.isWritable(pipe.writer())).isTrue();
        assertThat(Descriptors.isWritable(pipe.reader())).isFalse();
        assertThat(Descriptors.isWritable(Integer.MAX_VALUE)).as("closed").isFalse();
    }

    @Test
    void whatIsMoreThanTheBufferStays() throws Exception {
        write("x".repeat(10_000));
        byte[] buffer = new byte[8192];
        assertThat(Pipe.read(pipe.reader(), buffer)).isEqualTo(8192);
        assertThat(Pipe.read(pipe.reader(), buffer)).isEqualTo(10_000 - 8192);
        assertThat(Arrays.copyOf(buffer, 3)).containsOnly('x');
    }
}
