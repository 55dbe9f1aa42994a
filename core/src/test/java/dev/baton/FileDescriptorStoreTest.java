package dev.baton;

import static org.assertj.core.api.Assertions.assertThat;

import dev.baton.posix.Descriptors;
import dev.baton.posix.Messages;
import dev.baton.posix.PosixException;
import dev.baton.posix.Sockets;
import java.net.UnixDomainSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class FileDescriptorStoreTest {
    @TempDir
    private Path directory;

    @ParameterizedTest
    @ValueSource(
            strings = {
                "127.0.0.1:80",
                "[0:0:0:0:0:0:0:1]:8443",
                "udp:127.0.0.1:0",
                "unix:/run/shop/100%.sock",
                "unix:/run/a:b#c\n\u00e4 \u6f22"
            })
    void aNameIsOneThatSystemdTakesAndLeadsBackToTheAddress(String key) {
        String name = FileDescriptorStore.name(key);
        // fdname_is_valid of systemd: ASCII, no control characters, no colon, at most 255 characters.
        assertThat(name).matches("[ -9;-~]{1,255}").startsWith("baton.");
        assertThat(FileDescriptorStore.key(name).map(ListenAddress::key)).contains(key);
    }

    @Test
    void aNameThatWouldBeTooLongIsCutAndHasAHashInstead() {
        ListenAddress one = ListenAddress.unix(Path.of("/" + "\u00e4".repeat(45) + "1"));
        ListenAddress other = ListenAddress.unix(Path.of("/" + "\u00e4".repeat(45) + "2"));
        String name = FileDescriptorStore.name(one.key());
        assertThat(name).hasSizeLessThanOrEqualTo(255).matches("[ -9;-~]+");
        assertThat(name).isNotEqualTo(FileDescriptorStore.name(other.key()));
        assertThat(FileDescriptorStore.isOurs(name)).isTrue();
        assertThat(FileDescriptorStore.key(name))
                .as("the kernel tells the address")
                .isEmpty();
    }

    @Test
    void aManagerThatDoesNotListenHoldsNobodyUpForEachListener() throws Exception {
        UnixDomainSocketAddress address = UnixDomainSocketAddress.of(directory.resolve("notify"));
        int manager = Sockets.unix(Sockets.Type.DATAGRAM);
        ListenerTable listeners = new ListenerTable();
        try {
            Sockets.bind(manager, address);
            int queued = fill(address);
            for (int i = 1; i <= 3; i++) {
                listeners.claim(ListenAddress.parse("127.0.0." + i + ":0"), 0);
            }
            FileDescriptorStore store = new FileDescriptorStore(
                    new SystemdNotifier(address.getPath().toString()),
                    listeners,
                    Map.of(FileDescriptorStore.VARIABLE, "16"));
            long start = System.nanoTime();
            store.update();
            assertThat(Duration.ofNanos(System.nanoTime() - start))
                    .as("one waits 5 s")
                    .isLessThan(Duration.ofSeconds(9));
            assertThat(listeners.stored()).isEmpty();
            for (int i = 0; i < queued; i++) {
                var _ = Messages.receiveBytes(manager, 100);
            }
            store.update();
            assertThat(listeners.stored()).as("it tries again").hasSize(3);
        } finally {
            listeners.closeAll();
            Descriptors.close(manager);
        }
    }

    /** Fills the queue of a socket; how many datagrams that takes. */
    private static int fill(UnixDomainSocketAddress address) throws PosixException {
        int sender = Sockets.unix(Sockets.Type.DATAGRAM);
        int sent = 0;
        try {
            Sockets.setTimeout(sender, Duration.ofMillis(100));
            while (true) {
                Messages.sendTo(sender, address, new byte[] {'x'});
                sent++;
            }
        } catch (PosixException e) {
            return sent;
        } finally {
            Descriptors.close(sender);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "web.socket", "baton.", "baton.%", "baton.%4", "baton.%zz%3A1", "baton.nothing"})
    void aNameOfOthersLeadsNowhere(String name) {
        assertThat(FileDescriptorStore.key(name)).isEqualTo(Optional.empty());
    }
}
