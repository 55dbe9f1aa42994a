package dev.baton.netty;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.baton.Participant.DrainReason;
import dev.baton.drain.ServerClosedException;
import dev.baton.testkit.Await;
import dev.baton.testkit.FdLeakCheck;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelOption;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.channel.socket.DatagramPacket;
import java.io.IOException;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.channels.DatagramChannel;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

@ExtendWith(NoLeaks.class)
final class DatagramServerTest {
    private static final Duration SOON = Duration.ofSeconds(20);

    /** The JDK's first socket opens one more, which it keeps for closing others. */
    @BeforeAll
    static void openTheSocketThatTheJdkKeeps() throws IOException {
        DatagramChannel.open().close();
    }

    /** Answers each datagram with its own text after the server's name. */
    @ChannelHandler.Sharable
    private static final class Echo extends SimpleChannelInboundHandler<DatagramPacket> {
        private final String name;
        private final BlockingQueue<Channel> channels = new LinkedBlockingQueue<>();

        Echo(String name) {
            this.name = name;
        }

        @Override
        public void handlerAdded(ChannelHandlerContext ctx) {
            channels.add(ctx.channel());
        }

        @Override
        protected void channelRead0(ChannelHandlerContext ctx, DatagramPacket packet) {
            var _ = ctx.writeAndFlush(answer(packet, name + packet.content().toString(UTF_8)));
        }
    }

    private static DatagramPacket answer(DatagramPacket packet, String text) {
        return new DatagramPacket(Unpooled.copiedBuffer(text, UTF_8), packet.sender());
    }

    private static DatagramServer server(ChannelHandler handler, TestListener... listeners) throws IOException {
        DatagramServer.Builder builder = DatagramServer.builder().handler(handler);
        for (TestListener listener : listeners) {
            builder.listener(listener);
        }
        return builder.build();
    }

    private static DatagramServer started(ChannelHandler handler, TestListener... listeners) throws Exception {
        DatagramServer server = server(handler, listeners);
        Await.event("resume", server.resume(), SOON);
        return server;
    }

    /** A client of one server, connected, so that it hears answers from the listener's address alone. */
    private static final class Client implements AutoCloseable {
        private final DatagramSocket socket = new DatagramSocket();

        Client(String host, TestListener listener) throws IOException {
            socket.setSoTimeout((int) SOON.toMillis());
            socket.connect(InetAddress.getByName(host), ((InetSocketAddress) listener.localAddress()).getPort());
        }

        void send(String text) throws IOException {
            byte[] bytes = text.getBytes(UTF_8);
            socket.send(new java.net.DatagramPacket(bytes, bytes.length));
        }

        String receive() throws IOException {
            var packet = new java.net.DatagramPacket(new byte[65_536], 65_536);
            socket.receive(packet);
            return new String(packet.getData(), 0, packet.getLength(), UTF_8);
        }

        @Override
        public void close() {
            socket.close();
        }
    }

    @Test
    void itAnswersOnUdp4AndUdp6AndOnAllAddressesOfBoth() throws Exception {
        try (TestListener v4 = TestListener.udp("127.0.0.1");
                TestListener v6 = TestListener.udp("::1");
                TestListener all = TestListener.udp("::")) {
            DatagramServer server = started(new Echo("1 "), v4, v6, all);
            exchange("127.0.0.1", v4);
            exchange("::1", v6);
            exchange("127.0.0.1", all);
            exchange("::1", all);
            assertThat(server.close()).isZero();
        }
    }

    private static void exchange(String host, TestListener listener) throws IOException {
        try (Client client = new Client(host, listener)) {
            client.send("x");
            assertThat(client.receive()).isEqualTo("1 x");
        }
    }

    @Test
    void whatComesWhileNobodyReadsWaitsForTheNextServer() throws Exception {
        try (TestListener listener = TestListener.udp("127.0.0.1");
                Client client = new Client("127.0.0.1", listener)) {
            DatagramServer first = started(new Echo("1 "), listener);
            client.send("a");
            assertThat(client.receive()).isEqualTo("1 a");
            Await.event("park", first.park(), SOON);
            for (int i = 0; i < 50; i++) {
                client.send("waits " + i);
            }
            DatagramServer second = started(new Echo("2 "), listener);
            for (int i = 0; i < 50; i++) {
                assertThat(client.receive()).isEqualTo("2 waits " + i);
            }
            first.close();
            client.send("b");
            assertThat(client.receive()).isEqualTo("2 b");
            second.close();
        }
    }

    @Test
    void whileBothReadEachDatagramIsAnsweredByOneAndAfterAParkByTheOtherAlone() throws Exception {
        try (TestListener listener = TestListener.udp("127.0.0.1");
                Client client = new Client("127.0.0.1", listener)) {
            DatagramServer first = started(new Echo("1 "), listener);
            DatagramServer second = started(new Echo("2 "), listener);
            for (int batch = 0; batch < 100; batch++) {
                List<String> expected = new ArrayList<>();
                List<String> answers = new ArrayList<>();
                for (int i = 0; i < 20; i++) {
                    client.send(batch + "." + i);
                    expected.add(batch + "." + i);
                }
                for (int i = 0; i < 20; i++) {
                    answers.add(client.receive());
                }
                assertThat(answers)
                        .extracting(answer -> answer.substring(2))
                        .containsExactlyInAnyOrderElementsOf(expected);
                if (batch > 50) {
                    assertThat(answers).allMatch(answer -> answer.startsWith("2 "));
                }
                if (batch == 50) {
                    Await.event("park", first.park(), SOON);
                }
            }
            first.close();
            second.close();
        }
    }

    /** Hands its datagrams to the test, and is answered by it. */
    @ChannelHandler.Sharable
    private static final class Slow extends SimpleChannelInboundHandler<DatagramPacket> {
        private final BlockingQueue<Work> works = new LinkedBlockingQueue<>();

        @Override
        protected void channelRead0(ChannelHandlerContext ctx, DatagramPacket packet) {
            Work work = new Work(ctx, answer(packet, "late"), new CompletableFuture<>());
            DatagramServer.track(ctx.channel(), work.done);
            works.add(work);
        }

        Work next() throws InterruptedException {
            Work work = works.poll(SOON.toNanos(), TimeUnit.NANOSECONDS);
            if (work == null) {
                throw new AssertionError("no datagram came");
            }
            return work;
        }
    }

    private record Work(ChannelHandlerContext ctx, DatagramPacket answer, CompletableFuture<Void> done) {
        void finish() {
            var _ = ctx.writeAndFlush(answer);
            done.complete(null);
        }
    }

    @Test
    void aLateAnswerLeavesFromTheListenersAddressAndTheDrainWaitsForIt() throws Exception {
        FdLeakCheck leaks = FdLeakCheck.ofThisJvm();
        try (TestListener listener = TestListener.udp("127.0.0.1");
                Client client = new Client("127.0.0.1", listener)) {
            Slow slow = new Slow();
            DatagramServer server = started(slow, listener);
            client.send("a");
            Work work = slow.next();
            Await.event("park", server.park(), SOON);
            server.release();
            CompletableFuture<Void> drained = server.drain(DrainReason.SUCCEEDED);
            assertThat(server.park()).as("a turn of the loop").succeedsWithin(SOON);
            assertThat(drained).isNotDone();
            assertThat(work.ctx().channel().isOpen()).isTrue();

            work.finish();
            assertThat(client.receive()).isEqualTo("late");
            Await.event("drain", drained, SOON);
            var closed = new CompletableFuture<Void>();
            work.ctx().channel().closeFuture().addListener(_ -> closed.complete(null));
            Await.event("the duplicate is closed", closed, SOON);
            assertThat(server.resume())
                    .failsWithin(SOON)
                    .withThrowableThat()
                    .withCauseInstanceOf(ServerClosedException.class);
            assertThat(server.close()).isZero();
        }
        leaks.assertNone(SOON);
    }

    @Test
    void aCloseCountsWhatItCuts() throws Exception {
        try (TestListener listener = TestListener.udp("127.0.0.1");
                Client client = new Client("127.0.0.1", listener)) {
            Slow slow = new Slow();
            DatagramServer server = started(slow, listener);
            client.send("a");
            client.send("b");
            Work first = slow.next();
            Work second = slow.next();
            Await.event("park", server.park(), SOON);
            CompletableFuture<Void> drained = server.drain(DrainReason.STOPPED);
            assertThat(server.close()).isEqualTo(2);
            Await.event("the end of the drain", drained, SOON);
            first.answer().release();
            second.answer().release();
        }
    }

    @Test
    void aResumeUndoesAParkAndItsDrain() throws Exception {
        try (TestListener listener = TestListener.udp("127.0.0.1");
                Client client = new Client("127.0.0.1", listener)) {
            Slow slow = new Slow();
            DatagramServer server = started(slow, listener);
            client.send("a");
            Work work = slow.next();
            Await.event("park", server.park(), SOON);
            CompletableFuture<Void> drained = server.drain(DrainReason.SUCCEEDED);
            client.send("b");
            Await.event("resume", server.resume(), SOON);
            assertThat(drained).failsWithin(SOON).withThrowableThat().withCauseInstanceOf(CancellationException.class);
            slow.next().finish();
            work.finish();
            assertThat(client.receive()).isEqualTo("late");
            assertThat(client.receive()).isEqualTo("late");
            Await.event("park", server.park(), SOON);
            Await.event("drain", server.drain(DrainReason.SUCCEEDED), SOON);
            server.close();
        }
    }

    @Test
    void aHandlerThatAsksForMoreGetsNothingWhileParked() throws Exception {
        try (TestListener listener = TestListener.udp("127.0.0.1");
                Client client = new Client("127.0.0.1", listener)) {
            Echo echo = new Echo("1 ");
            DatagramServer first = started(echo, listener);
            Channel channel = echo.channels.take();
            // One that reads by hand, and has asked for the next.
            channel.config().setAutoRead(false);
            channel.read();
            Await.event("park", first.park(), SOON);
            channel.config().setAutoRead(true);
            channel.read();
            client.send("a");
            for (int turn = 0; turn < 3; turn++) {
                Await.event("a turn of the loop, which would read", first.park(), SOON);
            }
            DatagramServer second = started(new Echo("2 "), listener);
            assertThat(client.receive()).isEqualTo("2 a");
            second.close();
            Await.event("resume", first.resume(), SOON);
            client.send("b");
            assertThat(client.receive()).isEqualTo("1 b");
            first.close();
        }
    }

    @Test
    void theLargestDatagramComesWhole() throws Exception {
        try (TestListener listener = TestListener.udp("127.0.0.1");
                Client client = new Client("127.0.0.1", listener)) {
            DatagramServer server = started(new Echo(""), listener);
            String largest = "x".repeat(65_507);
            client.send(largest);
            assertThat(client.receive()).isEqualTo(largest);
            server.close();
        }
    }

    @Test
    void anOptionChangesTheSharedSocketAtResumeAndNotBefore() throws Exception {
        try (TestListener listener = TestListener.udp("127.0.0.1")) {
            Echo echo = new Echo("1 ");
            DatagramServer first = started(echo, listener);
            Channel channel = echo.channels.take();
            int before = channel.config().getOption(ChannelOption.SO_RCVBUF);
            DatagramServer second = DatagramServer.builder()
                    .listener(listener)
                    .handler(new Echo("2 "))
                    .option(ChannelOption.SO_RCVBUF, 50_000)
                    .build();
            assertThat(channel.config().getOption(ChannelOption.SO_RCVBUF)).isEqualTo(before);
            Await.event("resume", second.resume(), SOON);
            // The kernel doubles it, socket(7).
            assertThat(channel.config().getOption(ChannelOption.SO_RCVBUF)).isEqualTo(100_000);
            assertThat(listener.isNonBlocking()).isTrue();
            first.close();
            second.close();
        }
    }

    @Test
    void eachKindOfServerRefusesTheOthersListeners(@TempDir Path directory) throws Exception {
        FdLeakCheck leaks = FdLeakCheck.ofThisJvm();
        try (TestListener udp = TestListener.udp("127.0.0.1");
                TestListener unix = TestListener.unix(directory.resolve("s"))) {
            assertThatThrownBy(() -> server(new Echo("1 "), udp, unix))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageEndingWith("receives no datagrams; use NettyServer");
            assertThatThrownBy(() -> NettyServer.builder()
                            .listener(udp)
                            .childHandler(new Echo("1 "))
                            .build())
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessage("udp:127.0.0.1:0 has no connections to accept; use DatagramServer");
        }
        leaks.assertNone(SOON);
    }

    @Test
    void onlyAChannelOfADatagramServerIsTracked() {
        EmbeddedChannel other = new EmbeddedChannel();
        assertThatThrownBy(() -> DatagramServer.track(other, new CompletableFuture<>()))
                .isInstanceOf(IllegalArgumentException.class);
        var _ = other.close();
    }
}
