package dev.baton.netty;

import static dev.baton.drain.ConnectionState.ACTIVE;
import static dev.baton.drain.ConnectionState.CLOSED;
import static dev.baton.drain.ConnectionState.IDLE;
import static dev.baton.drain.ConnectionState.NEW;
import static org.assertj.core.api.Assertions.assertThat;

import dev.baton.MovableConnection;
import dev.baton.MovableConnection.Frozen;
import dev.baton.Participant.DrainReason;
import dev.baton.drain.ConnectionSnapshot;
import dev.baton.drain.DrainOptions;
import dev.baton.testkit.Answer;
import dev.baton.testkit.Await;
import dev.baton.testkit.ExpectedBody;
import dev.baton.testkit.Outcome;
import dev.baton.testkit.Request;
import dev.baton.testkit.StrictConnection;
import dev.baton.testkit.StrictConnection.Ending;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import io.netty.handler.codec.http.DefaultFullHttpResponse;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpServerCodec;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.ssl.SslHandler;
import java.io.IOException;
import java.nio.BufferUnderflowException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Stream;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Connections of a plain Netty pipeline, whose decoder tells nothing, move from one server to another. */
@ExtendWith(NoLeaks.class)
final class MigrationTest {
    private static final Duration SOON = TestServer.SOON;
    private static final Request NAME = Request.get("/name", ExpectedBody.anything());
    private static final String GET = "GET /name HTTP/1.1\r\nHost: h\r\n\r\n";
    private static final String HELD = "GET /held HTTP/1.1\r\nHost: h\r\n\r\n";

    private final ManualTimer timer = new ManualTimer();
    private TestListener listener;
    private TestServer old;
    private TestServer next;
    private StrictConnection client;

    @BeforeEach
    void start() throws Exception {
        listener = TestListener.tcp4();
        start(listener);
    }

    private void start(TestListener on) throws Exception {
        old = TestServer.started("1", DrainOptions.defaults(), timer, on);
        client = StrictConnection.open(on.localAddress());
        old.awaitStates(NEW);
        next = TestServer.started("2", DrainOptions.defaults(), timer, on);
        next.park();
    }

    @AfterEach
    void stop() throws IOException {
        client.close();
        old.close();
        next.close();
        listener.close();
    }

    private CompletableFuture<Void> drain(TestMigration migration) {
        old.netty().migrate(migration);
        return old.netty().drain(DrainReason.SUCCEEDED);
    }

    private CompletableFuture<Void> drain() {
        return drain(TestMigration.to(next.netty()));
    }

    private Answer answer() {
        Outcome outcome = client.receive(NAME, SOON);
        assertThat(outcome).isInstanceOf(Answer.class);
        return (Answer) outcome;
    }

    private void answeredBy(String name) throws IOException {
        client.send(NAME);
        answerFrom(name);
    }

    private void answerFrom(String name) {
        Answer answer = answer();
        assertThat(new String(answer.body(), StandardCharsets.UTF_8)).isEqualTo(name);
        assertThat(answer.announcesClose()).isFalse();
    }

    private void becomeIdle() throws Exception {
        answeredBy("1");
        old.awaitStates(NEW, ACTIVE, IDLE);
    }

    private void write(String text) throws IOException {
        client.write(text.getBytes(StandardCharsets.US_ASCII));
    }

    /** The last answer of a connection that has not moved. */
    private void isDrainedInTheOldServer() throws Exception {
        old.turnLoops();
        client.send(NAME);
        Answer last = answer();
        assertThat(last.announcesClose()).isTrue();
        assertThat(new String(last.body(), StandardCharsets.UTF_8)).isEqualTo("1");
        assertThat(client.awaitEnd(SOON)).isEqualTo(Ending.CLOSED);
        assertThat(old.netty().migrated().moved()).isZero();
    }

    @Test
    void anIdleConnectionMovesAndItsClientNoticesNothing() throws Exception {
        becomeIdle();

        Await.event("the drain", drain(), SOON);

        answeredBy("2");
        answeredBy("2");
        assertThat(old.states()).containsExactly(NEW, ACTIVE, IDLE, CLOSED);
        assertThat(old.netty().migrated()).isEqualTo(new MigrationCounts(1, 0, 0));
        assertThat(next.netty().migrated()).isEqualTo(new MigrationCounts(0, 0, 1));
    }

    @Test
    void aConnectionThatHasSaidNothingMoves() throws Exception {
        Await.event("the drain", drain(), SOON);

        next.awaitStates(NEW);
        answeredBy("2");
        next.awaitStates(NEW, ACTIVE, IDLE);
    }

    @Test
    void connectionsOfUnixSocketsMove(@TempDir Path directory) throws Exception {
        stop();
        listener = TestListener.unix(directory.resolve("s"));
        start(listener);
        becomeIdle();

        Await.event("the drain", drain(), SOON);

        answeredBy("2");
    }

    @Test
    void whatWasCountedGoesOnAndListenersSeeItAppearIdle() throws Exception {
        becomeIdle();
        ConnectionSnapshot before = old.connections().snapshot().getFirst();

        Await.event("the drain", drain(), SOON);
        next.awaitStates(IDLE);

        ConnectionSnapshot after = next.connections().snapshot().getFirst();
        assertThat(after.requestsServed()).isEqualTo(1);
        assertThat(after.bytesReceived()).isEqualTo(before.bytesReceived()).isPositive();
        assertThat(after.bytesSent()).isEqualTo(before.bytesSent()).isPositive();
        assertThat(after.age()).isGreaterThanOrEqualTo(before.age());
        assertThat(after.peer()).isEqualTo(before.peer());
        answeredBy("2");
        next.awaitStates(IDLE, ACTIVE, IDLE);
    }

    @Test
    void anActiveConnectionMovesAfterItsResponseWhichDoesNotSayClose() throws Exception {
        write(HELD);
        old.awaitRequests(1);

        CompletableFuture<Void> drained = drain();
        old.turnLoops();
        old.release();

        answerFrom("1");
        Await.event("the drain", drained, SOON);
        answeredBy("2");
    }

    @Test
    void aRequestBehindTheOneThatIsServedKeepsAConnectionWhoseDecoderCannotGiveItBack() throws Exception {
        write(HELD);
        old.awaitRequests(1);

        CompletableFuture<Void> drained = drain();
        write("GET /na");
        old.turnLoops();
        old.release();
        answerFrom("1");
        write("me HTTP/1.1\r\nHost: h\r\n\r\n");

        assertThat(answer().announcesClose()).isTrue();
        assertThat(client.awaitEnd(SOON)).isEqualTo(Ending.CLOSED);
        Await.event("the drain", drained, SOON);
        assertThat(old.netty().migrated()).isEqualTo(new MigrationCounts(0, 1, 0));
    }

    @Test
    void aConnectionThatIsRefusedStaysAndEndsWithItsNextResponse() throws Exception {
        becomeIdle();
        TestMigration migration = TestMigration.byHandTo(next.netty());
        var _ = drain(migration);
        MovableConnection asked = migration.nextAsked();
        assertThat(migration.frozen(asked)).isPresent();

        asked.stays();

        isDrainedInTheOldServer();
        assertThat(migration.requests()).isEqualTo(1);
        assertThat(old.netty().migrated()).isEqualTo(new MigrationCounts(0, 1, 0));
    }

    @Test
    void aConnectionForWhichThereWasNoRoomStays() throws Exception {
        becomeIdle();
        TestMigration migration = TestMigration.byHandTo(next.netty());
        var _ = drain(migration);

        migration.nextAsked().stays();

        isDrainedInTheOldServer();
    }

    @Test
    void aClosedServerTakesNothing() throws Exception {
        becomeIdle();
        next.close();
        TestMigration migration = TestMigration.byHandTo(next.netty());
        var _ = drain(migration);
        MovableConnection asked = migration.nextAsked();

        migration.move(asked, migration.frozen(asked).orElseThrow());

        isDrainedInTheOldServer();
    }

    @Test
    void anAdoptionThatIsAbandonedIsNothingToTheClient() throws Exception {
        becomeIdle();
        TestMigration migration = TestMigration.byHandTo(next.netty());
        var _ = drain(migration);
        MovableConnection asked = migration.nextAsked();

        migration.adopt(migration.frozen(asked).orElseThrow()).orElseThrow().abandon();
        asked.stays();

        isDrainedInTheOldServer();
        next.awaitStates(IDLE, CLOSED);
    }

    @Test
    void aRequestThatComesBeforeThereIsRoomIsServedHereAndTheConnectionMovesThen() throws Exception {
        becomeIdle();
        TestMigration migration = TestMigration.byHandTo(next.netty());
        CompletableFuture<Void> drained = drain(migration);
        MovableConnection tooEarly = migration.nextAsked();
        write(HELD);
        old.awaitRequests(2);
        assertThat(migration.frozen(tooEarly)).isEmpty();

        old.release();

        answerFrom("1");
        MovableConnection asked = migration.nextAsked();
        migration.move(asked, migration.frozen(asked).orElseThrow());
        Await.event("the drain", drained, SOON);
        answeredBy("2");
    }

    @Test
    void aRequestThatComesWhileItIsFrozenIsReadByTheOneThatHasTheConnectionInTheEnd() throws Exception {
        becomeIdle();
        TestMigration migration = TestMigration.byHandTo(next.netty());
        var _ = drain(migration);
        MovableConnection asked = migration.nextAsked();
        Frozen frozen = migration.frozen(asked).orElseThrow();
        write(GET);
        old.turnLoops();
        assertThat(old.requests()).hasSize(1);

        migration.move(asked, frozen);

        answerFrom("2");
    }

    @Test
    void aRequestThatComesWhileItIsFrozenIsServedHereIfItStays() throws Exception {
        becomeIdle();
        TestMigration migration = TestMigration.byHandTo(next.netty());
        var _ = drain(migration);
        MovableConnection asked = migration.nextAsked();
        assertThat(migration.frozen(asked)).isPresent();
        write(GET);

        asked.stays();

        Answer last = answer();
        assertThat(last.announcesClose()).isTrue();
        assertThat(client.awaitEnd(SOON)).isEqualTo(Ending.CLOSED);
    }

    @Test
    void anUndoneDrainLetsAConnectionGoOnAsBefore() throws Exception {
        becomeIdle();
        TestMigration migration = TestMigration.byHandTo(next.netty());
        var _ = drain(migration);
        MovableConnection asked = migration.nextAsked();
        assertThat(migration.frozen(asked)).isPresent();

        old.resume();
        asked.stays();

        answeredBy("1");
        answeredBy("1");
        Await.event("the drain", drain(), SOON);
        answeredBy("2");
    }

    @Test
    void aHalfClosedConnectionStays() throws Exception {
        write(HELD);
        client.shutdownOutput();
        old.awaitRequests(1);

        CompletableFuture<Void> drained = drain();
        old.turnLoops();
        old.release();

        assertThat(answer().announcesClose()).isTrue();
        Await.event("the drain", drained, SOON);
        assertThat(old.netty().migrated().moved()).isZero();
    }

    @Test
    void theEndOfTheInputWhileItIsFrozenIsHeardByTheOneThatHasTheConnectionInTheEnd() throws Exception {
        becomeIdle();
        TestMigration migration = TestMigration.byHandTo(next.netty());
        var _ = drain(migration);
        MovableConnection asked = migration.nextAsked();
        Frozen frozen = migration.frozen(asked).orElseThrow();
        client.shutdownOutput();

        migration.move(asked, frozen);

        assertThat(client.awaitEnd(SOON)).isEqualTo(Ending.CLOSED);
        next.awaitStates(IDLE, CLOSED);
    }

    @Test
    void aClientThatResetsWhileItIsFrozenIsRefusedAndGoneHere() throws Exception {
        becomeIdle();
        TestMigration migration = TestMigration.byHandTo(next.netty());
        CompletableFuture<Void> drained = drain(migration);
        MovableConnection asked = migration.nextAsked();
        Frozen frozen = migration.frozen(asked).orElseThrow();
        client.reset();

        migration.move(asked, frozen);

        Await.event("the drain", drained, SOON);
        assertThat(old.states()).endsWith(CLOSED);
        assertThat(next.connections().size()).isZero();
    }

    @Test
    void whatIsWrittenWhileItIsFrozenIsSentIfItStaysAndFailsIfItMoves() throws Exception {
        becomeIdle();
        Channel channel = old.channels().getFirst();
        TestMigration migration = TestMigration.byHandTo(next.netty());
        var _ = drain(migration);
        MovableConnection asked = migration.nextAsked();
        assertThat(migration.frozen(asked)).isPresent();
        ChannelFuture write = push(channel, "held back\n");

        asked.stays();

        assertThat(write.await(10_000)).isTrue();
        assertThat(write.isSuccess()).isTrue();
        client.expect("held back\n".getBytes(StandardCharsets.US_ASCII), SOON);

        old.resume();
        var _ = drain(migration);
        MovableConnection again = migration.nextAsked();
        Frozen frozen = migration.frozen(again).orElseThrow();
        ChannelFuture thrownAway = push(channel, "thrown away\n");
        old.turnLoops();
        migration.move(again, frozen);

        assertThat(thrownAway.await(10_000)).isTrue();
        assertThat(thrownAway.isSuccess()).isFalse();
        answeredBy("2");
    }

    @Test
    void anAnswerThatNobodyAskedForWhileItIsFrozenEndsNeitherTheMoveNorIsCounted() throws Exception {
        becomeIdle();
        Channel channel = old.channels().getFirst();
        TestMigration migration = TestMigration.byHandTo(next.netty());
        CompletableFuture<Void> drained = drain(migration);
        MovableConnection asked = migration.nextAsked();
        Frozen frozen = migration.frozen(asked).orElseThrow();

        ChannelFuture timeout = channel.writeAndFlush(
                new DefaultFullHttpResponse(HttpVersion.HTTP_1_1, HttpResponseStatus.REQUEST_TIMEOUT));
        old.turnLoops();
        migration.move(asked, frozen);

        Await.event("the drain", drained, SOON);
        assertThat(timeout.await(10_000)).isTrue();
        assertThat(timeout.isSuccess()).isFalse();
        assertThat(old.netty().migrated()).isEqualTo(new MigrationCounts(1, 0, 0));
        answeredBy("2");
    }

    @Test
    void nothingMovesBeforeTheDrainBegins() throws Exception {
        becomeIdle();
        TestMigration migration = TestMigration.byHandTo(next.netty());
        ServedConnection connection = ServedConnection.of(old.channels().getFirst());
        old.netty().migrate(migration);

        // As a task of a drain that was undone meanwhile.
        connection.drain(dev.baton.drain.DrainReason.SUCCEEDED);
        old.turnLoops();

        assertThat(migration.requests()).isZero();
        assertThat(old.netty().migrated()).isEqualTo(new MigrationCounts(0, 0, 0));
    }

    @Test
    void aCloseThatWaitedEndsWithTheConnectionThatItsClientHasLeft() throws Exception {
        becomeIdle();
        Channel channel = old.channels().getFirst();
        TestMigration migration = TestMigration.byHandTo(next.netty());
        var _ = drain(migration);
        MovableConnection asked = migration.nextAsked();
        assertThat(migration.frozen(asked)).isPresent();
        ChannelFuture close = channel.close();
        old.turnLoops();
        channel.unsafe().closeForcibly();

        asked.stays();

        assertThat(close.await(10_000)).isTrue();
        old.awaitStates(NEW, ACTIVE, IDLE, CLOSED);
    }

    /** From in front of the codec, as a handler of the application might. */
    private static ChannelFuture push(Channel channel, String text) {
        return channel.pipeline()
                .context(HttpServerCodec.class)
                .writeAndFlush(Unpooled.copiedBuffer(text, StandardCharsets.US_ASCII));
    }

    /** Between the freeze and the deregistration, which are two tasks of the loop. */
    private Optional<Frozen> frozenWith(MovableConnection asked, Object event) throws Exception {
        Channel channel = old.channels().getFirst();
        CompletableFuture<Optional<Frozen>> frozen = new CompletableFuture<>();
        channel.eventLoop().execute(() -> {
            var _ = asked.freeze().thenAccept(frozen::complete);
            channel.eventLoop().execute(() -> {
                assertThat(channel.isRegistered()).isTrue();
                if (event instanceof ByteBuf) {
                    channel.pipeline().fireChannelRead(event);
                } else {
                    channel.pipeline().fireUserEventTriggered(event);
                }
            });
        });
        return Await.event("the freeze", frozen, SOON);
    }

    @Test
    void bytesThatAreReadWhileItIsBeingFrozenMoveWithIt() throws Exception {
        becomeIdle();
        TestMigration migration = TestMigration.byHandTo(next.netty());
        var _ = drain(migration);
        MovableConnection asked = migration.nextAsked();
        ByteBuf begun = Unpooled.copiedBuffer(GET.substring(0, 10), StandardCharsets.US_ASCII);

        Frozen frozen = frozenWith(asked, begun).orElseThrow();
        migration.move(asked, frozen);
        write(GET.substring(10));

        answerFrom("2");
        assertThat(old.requests()).hasSize(1);
    }

    @Test
    void bytesThatAreReadWhileItIsBeingFrozenAreServedHereIfItStays() throws Exception {
        becomeIdle();
        TestMigration migration = TestMigration.byHandTo(next.netty());
        var _ = drain(migration);
        MovableConnection asked = migration.nextAsked();
        ByteBuf begun = Unpooled.copiedBuffer(GET.substring(0, 10), StandardCharsets.US_ASCII);

        assertThat(frozenWith(asked, begun)).isPresent();
        asked.stays();
        old.turnLoops();
        write(GET.substring(10));

        assertThat(answer().announcesClose()).isTrue();
        assertThat(old.requests()).hasSize(2);
    }

    @Test
    void aConnectionWhoseInputEndsWhileItIsBeingFrozenIsNotGiven() throws Exception {
        becomeIdle();
        TestMigration migration = TestMigration.byHandTo(next.netty());
        var _ = drain(migration);
        MovableConnection asked = migration.nextAsked();

        assertThat(frozenWith(asked, ChannelInputShutdownEvent.INSTANCE)).isEmpty();

        assertThat(client.awaitEnd(SOON)).isEqualTo(Ending.CLOSED);
        old.awaitStates(NEW, ACTIVE, IDLE, CLOSED);
    }

    @Test
    void aConnectionBehindTlsStays() throws Exception {
        becomeIdle();
        SSLEngine engine = SSLContext.getDefault().createSSLEngine();
        engine.setUseClientMode(false);
        old.channels().getFirst().pipeline().addAfter("baton", "tls", new SslHandler(engine));

        var _ = drain();
        old.turnLoops();

        assertThat(old.netty().migrated()).isEqualTo(new MigrationCounts(0, 1, 0));
    }

    /** Knows who the client is. */
    private static class Who extends ChannelInboundHandlerAdapter implements ConnectionContribution {
        private final int understood;
        private volatile String name;

        Who(String name, int understood) {
            this.name = name;
            this.understood = understood;
        }

        @Override
        public String contributionName() {
            return "who";
        }

        @Override
        public int contributionVersion() {
            return 1;
        }

        @Override
        public Optional<byte[]> save() {
            return Optional.of(name.getBytes(StandardCharsets.UTF_8));
        }

        @Override
        public boolean restore(int version, byte[] state) {
            name = new String(state, StandardCharsets.UTF_8);
            return version == understood;
        }
    }

    private void identify(String name, int understood) throws Exception {
        old.inFront(() -> new Who(name, 1));
        next.inFront(() -> new Who("nobody", understood));
        client.close();
        old.resume();
        client = StrictConnection.open(listener.localAddress());
        answeredBy("1");
        old.turnLoops();
    }

    @Test
    void whatAHandlerKnowsOfTheClientMoves() throws Exception {
        identify("Ann", 1);

        Await.event("the drain", drain(), SOON);

        answeredBy("2");
        assertThat(next.channels().getFirst().pipeline().get(Who.class).name).isEqualTo("Ann");
    }

    @Test
    void aConnectionOfWhichAHandlerCannotReadTheStateIsClosed() throws Exception {
        identify("Ann", 2);

        Await.event("the drain", drain(), SOON);

        assertThat(client.awaitEnd(SOON)).isEqualTo(Ending.CLOSED);
        next.awaitStates(IDLE, CLOSED);
    }

    @Test
    void aConnectionWithTooMuchStateStays() throws Exception {
        identify("x".repeat(ConnectionContribution.MAX_BYTES), 1);

        var _ = drain();
        old.turnLoops();
        old.turnLoops();

        client.send(NAME);
        assertThat(answer().announcesClose()).isTrue();
        assertThat(old.netty().migrated()).isEqualTo(new MigrationCounts(0, 1, 0));
    }

    @Test
    void aConnectionOfWhichAHandlerFailsToReadTheStateIsClosed() throws Exception {
        identify("Ann", 1);
        next.inFront(() -> new Who("nobody", 1) {
            @Override
            public boolean restore(int version, byte[] state) {
                throw new BufferUnderflowException();
            }
        });

        Await.event("the drain", drain(), SOON);

        assertThat(client.awaitEnd(SOON)).isEqualTo(Ending.CLOSED);
        next.awaitStates(IDLE, CLOSED);
    }

    @Test
    void aConnectionOfWhichAHandlerFailsToSaveTheStateGoesOnHere() throws Exception {
        identify("Ann", 1);
        client.close();
        old.inFront(() -> new Who("Ann", 1) {
            @Override
            public Optional<byte[]> save() {
                throw new NoClassDefFoundError("of a jar that was overwritten");
            }
        });
        client = StrictConnection.open(listener.localAddress());
        answeredBy("1");
        old.turnLoops();
        TestMigration migration = TestMigration.byHandTo(next.netty());
        var _ = drain(migration);

        assertThat(migration.frozen(migration.nextAsked())).isEmpty();

        isDrainedInTheOldServer();
    }

    /** Finds out by the first bytes what the connection speaks; holds nothing, because all tests send at least one line. */
    private static ChannelHandler detector(TestServer server, String name) {
        return new ChannelInitializer<Channel>() {
            @Override
            protected void initChannel(Channel channel) {
                channel.pipeline().addLast(new ChannelInboundHandlerAdapter() {
                    @Override
                    public void channelRead(ChannelHandlerContext ctx, Object message) throws Exception {
                        ctx.pipeline().remove(this);
                        server.install(channel, name);
                        ServedConnection.of(channel).passOn(message);
                    }
                });
            }
        };
    }

    @Test
    void aConnectionMovesToAPipelineThatFindsOutItsProtocolByItsFirstBytes() throws Exception {
        next.childHandler(detector(next, "2"));
        becomeIdle();

        Await.event("the drain", drain(), SOON);

        answeredBy("2");
        answeredBy("2");
        next.awaitStates(IDLE, ACTIVE, IDLE, ACTIVE, IDLE);
    }

    @Test
    void aConnectionWhoseProtocolIsStillToBeFoundOutMovesOn() throws Exception {
        next.childHandler(detector(next, "2"));
        becomeIdle();
        Await.event("the drain", drain(), SOON);
        old.resume();

        next.netty().migrate(TestMigration.to(old.netty()));
        Await.event("the drain", next.netty().drain(DrainReason.SUCCEEDED), SOON);

        answeredBy("1");
    }

    @Test
    void anIdleConnectionThatWaitsForRoomIsNotClosedMeanwhile() throws Exception {
        becomeIdle();
        TestMigration migration = TestMigration.byHandTo(next.netty());
        CompletableFuture<Void> drained = drain(migration);
        MovableConnection asked = migration.nextAsked();

        timer.advance(Duration.ofMinutes(1));
        old.turnLoops();
        old.turnLoops();
        migration.move(asked, migration.frozen(asked).orElseThrow());

        Await.event("the drain", drained, SOON);
        answeredBy("2");
    }

    @Test
    void anIdleConnectionForWhichThereIsNoRoomInTheGraceIsClosedWhenItIsRefused() throws Exception {
        becomeIdle();
        TestMigration migration = TestMigration.byHandTo(next.netty());
        CompletableFuture<Void> drained = drain(migration);
        MovableConnection asked = migration.nextAsked();
        timer.advance(Duration.ofMinutes(1));
        old.turnLoops();

        asked.stays();

        assertThat(client.awaitEnd(SOON)).isEqualTo(Ending.CLOSED);
        Await.event("the drain", drained, SOON);
    }

    @Test
    void anIdleConnectionThatWasToBeClosedGoesOnIfTheDrainIsUndone() throws Exception {
        becomeIdle();
        TestMigration migration = TestMigration.byHandTo(next.netty());
        var _ = drain(migration);
        MovableConnection asked = migration.nextAsked();
        assertThat(migration.frozen(asked)).isPresent();
        timer.advance(Duration.ofMinutes(1));
        old.turnLoops();

        old.resume();
        asked.stays();
        old.turnLoops();
        old.turnLoops();

        answeredBy("1");
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void aServerThatIsClosedHasNoConnectionsLeftWhateverBecomesOfTheFrozenOnes(boolean moved) throws Exception {
        becomeIdle();
        Channel channel = old.channels().getFirst();
        TestMigration migration = TestMigration.byHandTo(next.netty());
        CompletableFuture<Void> drained = drain(migration);
        MovableConnection asked = migration.nextAsked();
        Frozen frozen = migration.frozen(asked).orElseThrow();
        ChannelFuture write = push(channel, "held back\n");

        old.close();
        Await.event("the drain", drained, SOON);
        assertThat(channel.isOpen()).isTrue();
        assertThat(channel.eventLoop().terminationFuture().await(10_000)).isTrue();
        if (moved) {
            migration.move(asked, frozen);
            answeredBy("2");
        } else {
            asked.stays();
            assertThat(client.awaitEnd(SOON)).isEqualTo(Ending.CLOSED);
        }

        assertThat(channel.closeFuture().isDone()).isTrue();
        assertThat(write.isDone()).isTrue();
        assertThat(old.connections().size()).isZero();
        old.awaitStates(NEW, ACTIVE, IDLE, CLOSED);
        assertThat(old.netty().migrated().moved()).isEqualTo(moved ? 1 : 0);
    }

    @Test
    void theOutputThatIsShutDownWhileItIsFrozenIsNotShutDownForTheOneThatHasTheConnection() throws Exception {
        becomeIdle();
        Channel channel = old.channels().getFirst();
        TestMigration migration = TestMigration.byHandTo(next.netty());
        var _ = drain(migration);
        MovableConnection asked = migration.nextAsked();
        Frozen frozen = migration.frozen(asked).orElseThrow();
        CompletableFuture<ChannelFuture> shutdown = new CompletableFuture<>();
        channel.eventLoop()
                .execute(() -> shutdown.complete(ServedConnection.of(channel).shutdownOutput()));
        ChannelFuture result = Await.event("the call", shutdown, SOON);

        migration.move(asked, frozen);

        answeredBy("2");
        assertThat(result.await(10_000)).isTrue();
        assertThat(result.isSuccess()).isFalse();
    }

    @Test
    void theOutputThatIsShutDownWhileItIsFrozenIsShutDownIfItStays() throws Exception {
        becomeIdle();
        Channel channel = old.channels().getFirst();
        TestMigration migration = TestMigration.byHandTo(next.netty());
        var _ = drain(migration);
        MovableConnection asked = migration.nextAsked();
        assertThat(migration.frozen(asked)).isPresent();
        CompletableFuture<ChannelFuture> shutdown = new CompletableFuture<>();
        channel.eventLoop()
                .execute(() -> shutdown.complete(ServedConnection.of(channel).shutdownOutput()));
        ChannelFuture result = Await.event("the call", shutdown, SOON);

        asked.stays();

        assertThat(result.await(10_000)).isTrue();
        assertThat(result.isSuccess()).isTrue();
        assertThat(client.awaitEnd(SOON)).isEqualTo(Ending.CLOSED);
    }

    @Test
    void aHundredMovesBackAndForthLoseNothingAndLeakNoDescriptor() throws Exception {
        becomeIdle();
        TestServer[] servers = {old, next};
        long before = openDescriptors();
        for (int i = 0; i < 100; i++) {
            TestServer from = servers[i % 2];
            TestServer to = servers[(i + 1) % 2];
            Channel leaves = from.channels().getFirst();
            from.netty().migrate(TestMigration.to(to.netty()));
            Await.event("the drain", from.netty().drain(DrainReason.SUCCEEDED), SOON);
            answeredBy(i % 2 == 0 ? "2" : "1");
            // The drain is over when the connection is counted as gone; its descriptor is closed after that.
            assertThat(leaves.closeFuture().await(SOON.toMillis())).isTrue();
            from.resume();
            from.park();
        }
        assertThat(openDescriptors()).isLessThanOrEqualTo(before);
        ConnectionSnapshot after = old.connections().snapshot().getFirst();
        assertThat(after.requestsServed()).isEqualTo(101);
    }

    private static long openDescriptors() throws IOException {
        try (Stream<Path> descriptors = Files.list(Path.of("/proc/self/fd"))) {
            return descriptors.count();
        }
    }
}
