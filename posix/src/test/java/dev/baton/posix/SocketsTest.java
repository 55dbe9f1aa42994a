package dev.baton.posix;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SocketsTest {

    @ParameterizedTest
    @ValueSource(strings = {"127.0.0.1", "::1"})
    void aListenerOfEitherFamilyTakesConnectionsOfJava(String host) throws IOException {
        int listener = Sockets.streamFor(new InetSocketAddress(host, 0));
        try {
            Sockets.bind(listener, new InetSocketAddress(host, 0));
            assertThat(Sockets.isListening(listener)).isFalse();
            Sockets.listen(listener, 1);

            InetSocketAddress bound = (InetSocketAddress) Sockets.localAddress(listener);
            assertThat(bound.getAddress()).isEqualTo(InetAddress.getByName(host));
            assertThat(bound.getAddress().getHostAddress())
                    .as("without a scope")
                    .isEqualTo(InetAddress.getByName(host).getHostAddress());
            assertThat(Sockets.isListening(listener)).isTrue();
            assertThat(Sockets.isStreamFor(listener, bound)).isTrue();
            assertThat(Sockets.isStreamFor(listener, UnixDomainSocketAddress.of("x")))
                    .isFalse();
            try (Socket client = new Socket(bound.getAddress(), bound.getPort())) {
                int accepted = Sockets.accept(listener);
                assertThat(((InetSocketAddress) Sockets.localAddress(accepted)).getPort())
                        .isEqualTo(client.getPort());
                Descriptors.close(accepted);
            }
        } finally {
            Descriptors.close(listener);
        }
    }

    @Test
    void aUnixListenerKnowsItsPathAndItsPeer(@TempDir Path directory) throws IOException {
        SocketAddress address = UnixDomainSocketAddress.of(directory.resolve("ünïx.sock"));
        int listener = Sockets.unix(Sockets.Type.STREAM);
        try {
            Sockets.bind(listener, address);
            Sockets.listen(listener, 1);
            assertThat(Sockets.localAddress(listener)).isEqualTo(address);
            try (SocketChannel _ = SocketChannel.open(address)) {
                int accepted = Sockets.accept(listener);
                PeerCredentials peer = Sockets.peerCredentials(accepted);
                assertThat(peer.pid()).isEqualTo((int) ProcessHandle.current().pid());
                assertThat(peer.uid()).isEqualTo(ProcessContext.effectiveUserId());
                Descriptors.close(accepted);
            }
        } finally {
            Descriptors.close(listener);
        }
    }

    @Test
    void theFlagsThatProcessesShareAndThoseTheyDoNotAreRight() throws IOException {
        int socket = Sockets.streamFor(new InetSocketAddress("127.0.0.1", 0));
        int duplicate = Descriptors.duplicate(socket);
        try {
            assertThat(duplicate).isNotEqualTo(socket);
            for (int descriptor : new int[] {socket, duplicate}) {
                assertThat(Descriptors.isCloseOnExec(descriptor)).isTrue();
                assertThat(Descriptors.isNonBlocking(descriptor)).isTrue();
            }
        } finally {
            Descriptors.close(socket);
            Descriptors.close(duplicate);
        }
    }

    @Test
    void aRefusedCallNamesItselfAndItsReason() throws IOException {
        int first = Sockets.streamFor(new InetSocketAddress("127.0.0.1", 0));
        int second = Sockets.streamFor(new InetSocketAddress("127.0.0.1", 0));
        try {
            Sockets.bind(first, new InetSocketAddress("127.0.0.1", 0));
            Sockets.listen(first, 1);
            SocketAddress taken = Sockets.localAddress(first);
            assertThatThrownBy(() -> Sockets.bind(second, taken))
                    .isInstanceOfSatisfying(
                            PosixException.class, e -> assertThat(e.errno()).isEqualTo(Errno.EADDRINUSE))
                    .hasMessage("bind: address already in use (EADDRINUSE)");
        } finally {
            Descriptors.close(first);
            Descriptors.close(second);
        }
        assertThatThrownBy(() -> Descriptors.close(first)).hasMessage("close: bad file descriptor (EBADF)");
    }

    @Test
    void aPathThatIsTooLongIsRefusedBeforeTheKernelCutsIt() throws IOException {
        int socket = Sockets.unix(Sockets.Type.STREAM);
        try {
            assertThatThrownBy(() -> Sockets.bind(socket, UnixDomainSocketAddress.of("/" + "x".repeat(107))))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("shorter than 108 bytes");
        } finally {
            Descriptors.close(socket);
        }
    }

    @Test
    void messagesKeepTheirBoundariesAndBringDescriptors() throws IOException {
        int[] pair = Sockets.pair(Sockets.Type.SEQPACKET);
        int[] passed = new int[Messages.MAX_DESCRIPTORS];
        Arrays.setAll(passed, _ -> pair[0]);
        Messages.send(pair[0], "one".getBytes(UTF_8), passed, true);
        Messages.send(pair[0], "two".getBytes(UTF_8), new int[0], false);

        ReceivedMessage one = Messages.receive(pair[1], 100);
        assertThat(new String(one.payload(), UTF_8)).isEqualTo("one");
        assertThat(one.truncated()).isFalse();
        assertThat(one.descriptors()).hasSize(Messages.MAX_DESCRIPTORS).doesNotHaveDuplicates();
        for (int descriptor : one.descriptors()) {
            assertThat(Descriptors.isCloseOnExec(descriptor)).isTrue();
            Descriptors.close(descriptor);
        }
        ReceivedMessage two = Messages.receive(pair[1], 100);
        assertThat(new String(two.payload(), UTF_8)).isEqualTo("two");
        assertThat(two.descriptors()).isEmpty();

        Descriptors.close(pair[0]);
        assertThat(Messages.receive(pair[1], 100).isEndOfStream()).isTrue();
        Descriptors.close(pair[1]);
    }

    @Test
    void descriptorsForWhichThereIsNoRoomAreReportedAndNeverInstalled() throws IOException {
        int[] pair = Sockets.pair(Sockets.Type.SEQPACKET);
        Messages.send(pair[0], "one".getBytes(UTF_8), new int[] {pair[0], pair[0]}, true);
        ReceivedMessage message = Messages.receiveBytes(pair[1], 100);
        assertThat(message.truncated()).isTrue();
        assertThat(message.descriptors()).isEmpty();
        Descriptors.close(pair[0]);
        assertThat(Messages.receiveBytes(pair[1], 100).isEndOfStream())
                .as("the last descriptor of the other end was closed")
                .isTrue();
        Descriptors.close(pair[1]);
    }

    @Test
    void aDirectoryHasOneLockAtATime(@TempDir Path directory) throws IOException {
        try (DirectoryLock _ = DirectoryLock.acquire(directory)) {
            assertThat(DirectoryLock.tryAcquire(directory)).isEmpty();
        }
        try (DirectoryLock again = DirectoryLock.tryAcquire(directory).orElseThrow()) {
            assertThat(again).isNotNull();
            assertThat(directory).isEmptyDirectory();
        }
        assertThatThrownBy(() -> DirectoryLock.acquire(directory.resolve("none")))
                .hasMessageContaining("open: no such file or directory");
    }

    @Test
    void aMessageThatDoesNotFitIsReportedAsTruncated() throws IOException {
        int[] pair = Sockets.pair(Sockets.Type.SEQPACKET);
        Messages.send(pair[0], new byte[101], new int[0], true);
        ReceivedMessage message = Messages.receive(pair[1], 100);
        assertThat(message.truncated()).isTrue();
        assertThat(message.payload()).hasSize(100);
        Descriptors.close(pair[0]);
        Descriptors.close(pair[1]);
    }

    @Test
    void aReceiveEndsAtItsTimeoutAndAShutdownWakesIt() throws Exception {
        int[] pair = Sockets.pair(Sockets.Type.SEQPACKET);
        Sockets.setTimeout(pair[1], Duration.ofMillis(20));
        assertThatThrownBy(() -> Messages.receive(pair[1], 100))
                .isInstanceOfSatisfying(
                        PosixException.class, e -> assertThat(e.errno()).isEqualTo(Errno.EAGAIN));

        Sockets.setTimeout(pair[1], Duration.ZERO);
        Thread waker = Thread.ofPlatform().start(() -> {
            try {
                Sockets.shutdown(pair[1]);
            } catch (PosixException e) {
                throw new AssertionError(e);
            }
        });
        assertThat(Messages.receive(pair[1], 100).isEndOfStream()).isTrue();
        waker.join();
        Descriptors.close(pair[0]);
        Descriptors.close(pair[1]);
    }

    @Test
    void datagramsReachAbstractNamesAndPaths(@TempDir Path directory) throws IOException {
        for (String name : new String[] {
            "@baton-test-" + ProcessHandle.current().pid(),
            directory.resolve("notify").toString()
        }) {
            int receiver = Sockets.unix(Sockets.Type.DATAGRAM);
            int sender = Sockets.unix(Sockets.Type.DATAGRAM);
            Sockets.bind(receiver, UnixDomainSocketAddress.of(name));
            Messages.sendTo(sender, UnixDomainSocketAddress.of(name), "READY=1".getBytes(UTF_8));
            assertThat(new String(Messages.receive(receiver, 100).payload(), UTF_8))
                    .isEqualTo("READY=1");
            assertThat(Sockets.localAddress(receiver)).isEqualTo(UnixDomainSocketAddress.of(name));
            Descriptors.close(receiver);
            Descriptors.close(sender);
        }
    }

    @Test
    void aRemovedVariableIsNotInheritedByAChild() throws Exception {
        assertThat(echoedByAChild("BATON_POSIX_TEST")).isEqualTo("set by the build");
        ProcessContext.unsetEnvironment("BATON_POSIX_TEST");
        assertThat(echoedByAChild("BATON_POSIX_TEST")).isEmpty();
    }

    private static String echoedByAChild(String variable) throws IOException {
        Process child = Runtime.getRuntime().exec(new String[] {"/bin/sh", "-c", "echo \"$" + variable + "\""});
        return new String(child.getInputStream().readAllBytes(), UTF_8).strip();
    }

    @Test
    void anAddressMappedFromIpv4StaysOneOfIpv6() throws IOException {
        InetSocketAddress all = new InetSocketAddress(InetAddress.getByName("::"), 0);
        int listener = Sockets.streamFor(all);
        try {
            Sockets.bind(listener, all);
            Sockets.listen(listener, 1);
            int port = ((InetSocketAddress) Sockets.localAddress(listener)).getPort();
            try (Socket _ = new Socket("127.0.0.1", port)) {
                int accepted = Sockets.accept(listener);
                assertThat(((InetSocketAddress) Sockets.localAddress(accepted)).getAddress())
                        .isInstanceOf(Inet6Address.class)
                        .hasToString("/0:0:0:0:0:ffff:7f00:1");
                Descriptors.close(accepted);
            }
        } finally {
            Descriptors.close(listener);
        }
    }

    @Test
    void onAnUnknownPlatformEveryCallIsRefusedInWords() throws Exception {
        Process child = new ProcessBuilder(
                        ProcessHandle.current().info().command().orElseThrow(),
                        "--enable-native-access=ALL-UNNAMED",
                        "-Dos.name=Plan 9",
                        "-cp",
                        System.getProperty("java.class.path"),
                        TwoCalls.class.getName())
                .redirectErrorStream(true)
                .start();
        assertThat(new String(child.getInputStream().readAllBytes(), UTF_8).lines())
                .hasSize(2)
                .allSatisfy(line -> assertThat(line)
                        .startsWith("java.lang.UnsupportedOperationException: Baton runs on Linux x86-64 and aarch64;"
                                + " this is Plan 9"));
    }

    /** Says how its calls fail, the second of which finds what the first has left. */
    static final class TwoCalls {
        private TwoCalls() {}

        public static void main(String[] arguments) {
            for (int call = 0; call < 2; call++) {
                try {
                    System.out.println(ProcessContext.effectiveUserId());
                } catch (IOException | RuntimeException | LinkageError e) {
                    System.out.println(e);
                }
            }
        }
    }

    @Test
    void anUnknownPlatformIsRefusedInWords() {
        assertThat(Platform.of("Linux", "amd64")).isEqualTo(Platform.LINUX_X86_64);
        assertThat(Platform.of("Linux", "aarch64")).isEqualTo(Platform.LINUX_AARCH64);
        assertThatThrownBy(() -> Platform.of("Mac OS X", "aarch64"))
                .isInstanceOf(UnsupportedOperationException.class)
                .hasMessageStartingWith("Baton runs on Linux x86-64 and aarch64; this is Mac OS X aarch64.");
        assertThatThrownBy(() -> Platform.of("Linux", "riscv64")).isInstanceOf(UnsupportedOperationException.class);
    }
}
