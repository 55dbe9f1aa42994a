package dev.baton.netty;

import static org.assertj.core.api.Assertions.assertThat;

import dev.baton.MovableConnection;
import dev.baton.Participant.DrainReason;
import dev.baton.drain.Connections;
import dev.baton.drain.DrainOptions;
import dev.baton.testkit.Await;
import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import java.io.IOException;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** A protocol with state of its own moves from one server to another. */
@ExtendWith(NoLeaks.class)
final class ProtocolMigrationTest {
    private static final Duration SOON = TestServer.SOON;
    private static final String ECHO = "echo";

    /** Says what the client does, with the name of whoever does in front. */
    private static final class Echo extends ChannelInboundHandlerAdapter implements ConnectionProtocol {
        private final String name;
        private final Supplier<CompletionStage<Optional<byte[]>>> saving;
        private boolean held;

        Echo(String name, Supplier<CompletionStage<Optional<byte[]>>> saving) {
            this.name = name;
            this.saving = saving;
        }

        @Override
        public void handlerAdded(ChannelHandlerContext ctx) {
            ServedConnection.of(ctx.channel()).protocol(this);
        }

        @Override
        public void channelRead(ChannelHandlerContext ctx, Object message) {
            var _ = ctx.write(
                    ctx.alloc().buffer().writeBytes((held ? "held " : name).getBytes(StandardCharsets.US_ASCII)));
            var _ = ctx.writeAndFlush(message);
        }

        @Override
        public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
            held &= event != MigrationEvent.ENDED;
        }

        @Override
        public Optional<String> migratesAs() {
            return Optional.of(ECHO);
        }

        @Override
        public boolean isAtRest() {
            return true;
        }

        @Override
        public boolean suspend() {
            held = true;
            return true;
        }

        @Override
        public CompletionStage<Optional<byte[]>> save() {
            return saving.get();
        }

        @Override
        public void drain(dev.baton.drain.DrainReason reason) {}

        @Override
        public void resume() {}

        @Override
        public void closeIdle() {}
    }

    private TestListener listener;
    private NettyServer old;
    private NettyServer next;
    private Socket client;
    private TestMigration migration;

    private volatile Supplier<CompletionStage<Optional<byte[]>>> saving = () -> saved("1 ");

    private static CompletionStage<Optional<byte[]>> saved(String state) {
        return CompletableFuture.completedStage(Optional.of(state.getBytes(StandardCharsets.US_ASCII)));
    }

    private NettyServer server(ConnectionRestorer restorer) throws IOException {
        return NettyServer.builder()
                .listener(listener)
                .connections(new Connections(DrainOptions.defaults(), new ManualTimer()))
                .childHandler(install("1 "))
                .adopts(Map.of())
                .restores(ECHO, restorer)
                .build();
    }

    private ChannelHandler install(String name) {
        return new ChannelInitializer<Channel>() {
            @Override
            protected void initChannel(Channel channel) {
                channel.pipeline().addLast(new Echo(name, () -> saving.get()));
            }
        };
    }

    @BeforeEach
    void start() throws Exception {
        start(state -> Optional.of(install("after " + new String(state, StandardCharsets.US_ASCII))));
    }

    private void start(ConnectionRestorer restorer) throws Exception {
        listener = TestListener.tcp4();
        old = server(_ -> Optional.empty());
        next = server(restorer);
        Await.event("resume", old.resume(), SOON);
        client = new Socket();
        client.connect(listener.localAddress());
        client.setSoTimeout((int) SOON.toMillis());
        assertThat(exchange("a")).isEqualTo("1 a");
        migration = TestMigration.byHandTo(next);
        old.migrate(migration);
        var _ = old.drain(DrainReason.SUCCEEDED);
    }

    @AfterEach
    void stop() throws IOException {
        client.close();
        old.close();
        next.close();
        listener.close();
    }

    private void write(String text) throws IOException {
        client.getOutputStream().write(text.getBytes(StandardCharsets.US_ASCII));
    }

    private String read(int length) throws IOException {
        return new String(client.getInputStream().readNBytes(length), StandardCharsets.US_ASCII);
    }

    private String exchange(String text) throws IOException {
        write(text);
        return read(2 + text.length());
    }

    @Test
    void whatTheProtocolSavesReachesTheOneThatGoesOn() throws Exception {
        MovableConnection asked = migration.nextAsked();
        migration.move(asked, migration.frozen(asked).orElseThrow());
        write("b");
        assertThat(read(9)).isEqualTo("after 1 b");
    }

    static Stream<Supplier<CompletionStage<Optional<byte[]>>>> failures() {
        return Stream.of(
                () -> {
                    throw new NoClassDefFoundError("overwritten");
                },
                () -> CompletableFuture.failedStage(new IllegalStateException("a bug")),
                () -> CompletableFuture.completedStage(Optional.empty()));
    }

    @ParameterizedTest
    @MethodSource("failures")
    void aProtocolThatCannotSaveGoesOnHere(Supplier<CompletionStage<Optional<byte[]>>> failure) throws Exception {
        saving = failure;
        assertThat(migration.frozen(migration.nextAsked())).isEmpty();
        assertThat(exchange("b")).isEqualTo("1 b");
    }

    @Test
    void aServerThatIsClosedWhileAProtocolSavesClosesTheConnection() throws Exception {
        CompletableFuture<Optional<byte[]>> never = new CompletableFuture<>();
        CompletableFuture<Void> begun = new CompletableFuture<>();
        saving = () -> {
            begun.complete(null);
            return never;
        };
        var frozen = migration.nextAsked().freeze().toCompletableFuture();
        Await.event("save", begun, SOON);
        old.close();
        assertThat(client.getInputStream().read()).isEqualTo(-1);
        never.complete(Optional.empty());
        assertThat(Await.event("the freeze", frozen, SOON)).isEmpty();
    }

    @Test
    void whatTheOtherDoesNotRestoreStays() throws Exception {
        stop();
        start(_ -> Optional.empty());
        MovableConnection asked = migration.nextAsked();
        migration.move(asked, migration.frozen(asked).orElseThrow());
        assertThat(exchange("b")).isEqualTo("1 b");
    }

    @Test
    void aConnectionWhoseProtocolTheRestoredHandlerDoesNotInstallIsClosed() throws Exception {
        stop();
        start(_ -> Optional.of(new ChannelInboundHandlerAdapter() {
            @Override
            public void channelRead(ChannelHandlerContext ctx, Object message) {
                var _ = ctx.writeAndFlush((ByteBuf) message);
            }
        }));
        MovableConnection asked = migration.nextAsked();
        migration.move(asked, migration.frozen(asked).orElseThrow());
        assertThat(client.getInputStream().read()).isEqualTo(-1);
    }
}
