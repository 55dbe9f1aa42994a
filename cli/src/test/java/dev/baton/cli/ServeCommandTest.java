package dev.baton.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.baton.BatonOptions;
import dev.baton.ListenAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

class ServeCommandTest {
    @Test
    void withoutOptionsItListensOnTheLoopbackAddress() {
        assertThat(parse().addresses()).containsExactly(ListenAddress.parse("127.0.0.1:8000"));
    }

    @Test
    void everyListenOptionIsAnAddress() {
        assertThat(parse("--listen", "127.0.0.1:0", "--listen=unix:/tmp/s", "dir", "--listen", "[::1]:80")
                        .addresses())
                .containsExactly(
                        ListenAddress.parse("127.0.0.1:0"),
                        ListenAddress.parse("unix:/tmp/s"),
                        ListenAddress.parse("[::1]:80"));
    }

    @Test
    void whatTheCommandLineSaysIsWhatBatonRunsWith() {
        BatonOptions options = parse("--name=files", "--pid-file=/run/x.pid", "--ready-timeout=2m", "--drain-timeout=0")
                .options();
        assertThat(options.name()).isEqualTo("files");
        assertThat(options.pidFile()).contains(Path.of("/run/x.pid"));
        assertThat(options.readyTimeout()).isEqualTo(Duration.ofMinutes(2));
        assertThat(options.drainTimeout()).isZero();
    }

    @Test
    void theCommandLineGoesOverAPropertyAndAPropertyOverTheDefault() {
        System.setProperty("baton.drain-timeout", "7s");
        try {
            assertThat(parse().options().drainTimeout()).isEqualTo(Duration.ofSeconds(7));
            assertThat(parse("--drain-timeout", "9s").options().drainTimeout()).isEqualTo(Duration.ofSeconds(9));
        } finally {
            System.clearProperty("baton.drain-timeout");
        }
        assertThat(parse().options().drainTimeout()).isEqualTo(Duration.ofSeconds(30));
    }

    @Test
    void anArgumentFileHoldsOptions(@TempDir Path directory) throws Exception {
        Path file = directory.resolve("serve.args");
        Files.writeString(file, "# what this service listens on\n--listen 127.0.0.1:1\n--listen\n127.0.0.1:2\n");
        assertThat(parse("@" + file).addresses())
                .containsExactly(ListenAddress.parse("127.0.0.1:1"), ListenAddress.parse("127.0.0.1:2"));
    }

    private static ServeCommand parse(String... arguments) {
        ServeCommand command = new ServeCommand();
        new CommandLine(command).parseArgs(arguments);
        return command;
    }
}
