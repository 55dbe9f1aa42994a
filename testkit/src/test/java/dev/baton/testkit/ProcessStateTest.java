package dev.baton.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ProcessStateTest {
    private static final long SELF = ProcessHandle.current().pid();

    @Test
    void listenersAreToldFromOtherSockets(@TempDir Path directory) throws Exception {
        Set<Long> before = ProcFs.listenerInodes(SELF);
        try (ServerSocket tcp = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
                ServerSocketChannel unix = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
            unix.bind(UnixDomainSocketAddress.of(directory.resolve("socket")));
            Set<Long> listening = new TreeSet<>(ProcFs.listenerInodes(SELF));
            listening.removeAll(before);
            assertThat(listening).hasSize(2);
            Set<Long> sockets = ProcFs.socketInodes(SELF);
            assertThat(sockets).containsAll(listening);
            try (Socket client = new Socket(tcp.getInetAddress(), tcp.getLocalPort())) {
                assertThat(client.isConnected()).isTrue();
                assertThat(ProcFs.listenerInodes(SELF)).containsAll(listening).hasSize(before.size() + 2);
                assertThat(ProcFs.socketInodes(SELF)).hasSize(sockets.size() + 1);
            }
        }
        assertThat(ProcFs.listenerInodes(SELF)).isEqualTo(before);
    }

    @Test
    void anOpenSocketIsALeakUntilItIsClosed() throws Exception {
        FdLeakCheck leaks = FdLeakCheck.ofThisJvm();
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            assertThat(socket.isBound()).isTrue();
            assertThatThrownBy(() -> leaks.assertNone(Duration.ZERO))
                    .isInstanceOf(AssertionError.class)
                    .hasMessageContaining("1 x socket:[");
        }
        leaks.assertNone(Duration.ofSeconds(5));
    }

    @Test
    void theEnvironmentAndTheParentAreThoseOfThisProcess() {
        assertThat(ProcFs.environment(SELF)).containsAllEntriesOf(System.getenv());
        assertThat(ProcFs.environmentSize(SELF)).isPositive();
        assertThat(ProcFs.parent(SELF))
                .isEqualTo(ProcessHandle.current().parent().orElseThrow().pid());
        assertThat(ProcFs.running(SELF)).isTrue();
        assertThat(ProcFs.running(Integer.MAX_VALUE)).isFalse();
    }

    @Test
    void aStateThatDoesNotComeSaysWhatWasAwaited() {
        assertThatThrownBy(() -> Await.state("the end of the world", Duration.ofMillis(10), () -> false))
                .isInstanceOf(AssertionError.class)
                .hasMessageContaining("the end of the world");
    }

    @Test
    void anEventThatFailsIsAFailureWithItsCause() {
        IllegalStateException cause = new IllegalStateException("broken");
        assertThatThrownBy(() -> Await.event("a result", CompletableFuture.failedFuture(cause), Duration.ofSeconds(1)))
                .isInstanceOf(AssertionError.class)
                .hasMessageContaining("a result")
                .hasCause(cause);
        assertThatThrownBy(() -> Await.event("a result", new CompletableFuture<>(), Duration.ofMillis(10)))
                .isInstanceOf(AssertionError.class)
                .hasMessageContaining("a result");
    }
}
