package dev.baton;

import static org.assertj.core.api.Assertions.assertThat;

import dev.baton.MigratingParticipant.Adoption;
import dev.baton.posix.Descriptors;
import dev.baton.posix.Messages;
import dev.baton.posix.Sockets;
import dev.baton.testkit.Await;
import dev.baton.testkit.ProcFs;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A giver and a taker, or one of them and a test that plays the other. */
class ConnectionMoveTest {
    private static final Duration SOON = Duration.ofSeconds(10);
    private static final ListenAddress LISTENER = ListenAddress.parse("127.0.0.1:8080");

    private final List<Connection> connections = new ArrayList<>();
    private int[] pair = {};
    private ConnectionGiver giver;
    private Set<Long> socketsBefore = Set.of();

    @BeforeEach
    void open() throws IOException {
        socketsBefore = sockets();
        pair = Sockets.pair(Sockets.Type.SEQPACKET);
        Sockets.setTimeout(pair[1], SOON);
        giver = new ConnectionGiver(new FrameChannel(pair[0]));
    }

    /** Whatever happens, nobody keeps a descriptor that is not his. */
    @AfterEach
    void nothingLeaks() throws Exception {
        giver.close();
        for (Connection connection : connections) {
            assertThat(connection.words.get())
                    .as("words for " + connection.number)
                    .isLessThanOrEqualTo(1);
            connection.close();
        }
        Await.state("all sockets are closed", SOON, () -> sockets().equals(socketsBefore));
    }

    private static Set<Long> sockets() {
        return ProcFs.socketInodes(ProcessHandle.current().pid());
    }

    private static final class Connection implements MovableConnection {
        private final int number;
        private final int[] sockets;
        private final byte[] state;
        private final CountDownLatch frozen = new CountDownLatch(1);
        private final CompletableFuture<String> fate = new CompletableFuture<>();
        private final AtomicInteger words = new AtomicInteger();
        private boolean movable = true;
        private boolean throwing;

        Connection(int number, int size) throws IOException {
            this.number = number;
            sockets = Sockets.pair(Sockets.Type.STREAM);
            state = ByteBuffer.allocate(size).putInt(number).array();
        }

        @Override
        public CompletionStage<Optional<Frozen>> freeze() {
            frozen.countDown();
            Optional<Frozen> answer = movable ? Optional.of(new Frozen(LISTENER, sockets[0], state)) : Optional.empty();
            return movable ? CompletableFuture.supplyAsync(() -> answer) : CompletableFuture.completedStage(answer);
        }

        @Override
        public void moved() {
            words.incrementAndGet();
            fate.complete("moved");
            fail();
        }

        @Override
        public void stays() {
            words.incrementAndGet();
            fate.complete("stays");
            fail();
        }

        private void fail() {
            if (throwing) {
                throw new IllegalStateException("as the test wants");
            }
        }

        String fate() throws Exception {
            return fate.get(SOON.toSeconds(), TimeUnit.SECONDS);
        }

        void close() throws IOException {
            Descriptors.close(sockets[0]);
            Descriptors.close(sockets[1]);
        }
    }

    private List<Connection> ask(int count) throws IOException {
        return ask(count, 4);
    }

    private List<Connection> ask(int count, int size) throws IOException {
        List<Connection> asked = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            Connection connection = new Connection(connections.size(), size);
            connections.add(connection);
            asked.add(connection);
            giver.request(connection);
        }
        return asked;
    }

    /** Until nothing but its size bounds the window. */
    private void growWindow() throws Exception {
        assertAllMoved(ask(4 * ConnectionGiver.WINDOW));
    }

    private static void assertAllMoved(List<Connection> connections) throws Exception {
        for (Connection connection : connections) {
            assertThat(connection.fate()).isEqualTo("moved");
        }
    }

    /** Takes all connections but those with a number that a filter refuses. */
    private static final class Adopter implements ConnectionTaker.Adopter {
        private final BlockingQueue<Integer> begun = new LinkedBlockingQueue<>();
        private final BlockingQueue<Integer> abandoned = new LinkedBlockingQueue<>();
        private volatile CountDownLatch gate;
        private int refused = -1;
        private int throwing = -1;

        Adopter(CountDownLatch gate) {
            this.gate = gate;
        }

        @Override
        public Optional<Adoption> adopt(ListenAddress listener, int descriptor, byte[] state) {
            assertThat(listener).isEqualTo(LISTENER);
            await();
            int number = ByteBuffer.wrap(state).getInt();
            if (number == refused) {
                return Optional.empty();
            }
            return Optional.of(new Adoption() {
                @Override
                public void begin() {
                    end(begun);
                }

                @Override
                public void abandon() {
                    end(abandoned);
                }

                private void end(BlockingQueue<Integer> fate) {
                    try {
                        Descriptors.close(descriptor);
                    } catch (IOException e) {
                        throw new AssertionError(e);
                    }
                    fate.add(number);
                    if (number == throwing) {
                        throw new IllegalStateException("as the test wants");
                    }
                }
            });
        }

        private void await() {
            try {
                assertThat(gate.await(SOON.toSeconds(), TimeUnit.SECONDS)).isTrue();
            } catch (InterruptedException e) {
                throw new AssertionError(e);
            }
        }
    }

    private Adopter startTaker(CountDownLatch gate) {
        Adopter adopter = new Adopter(gate);
        new ConnectionTaker(new FrameChannel(pair[1])).start(adopter);
        return adopter;
    }

    private static CountDownLatch open(int count) {
        return new CountDownLatch(count);
    }

    @Test
    void whatIsTakenHasMovedAndWhatIsRefusedStays() throws Exception {
        Adopter adopter = startTaker(open(0));
        adopter.refused = 7;
        giver.open();
        for (Connection connection : ask(100)) {
            assertThat(connection.fate()).isEqualTo(connection.number == 7 ? "stays" : "moved");
        }
        for (int i = 0; i < 99; i++) {
            assertThat(adopter.begun.poll(SOON.toSeconds(), TimeUnit.SECONDS)).isNotNull();
        }
        assertThat(giver.moved()).isEqualTo(99);
        assertThat(adopter.abandoned).isEmpty();
    }

    @Test
    void moreThanFitIntoOneMessageAllMove() throws Exception {
        startTaker(open(0));
        giver.open();
        List<Connection> small = ask(3 * ConnectionGiver.WINDOW);
        List<Connection> large = ask(20, Migration.MAX_STATE_BYTES);
        assertAllMoved(small);
        assertAllMoved(large);
    }

    @Test
    void noMoreAreFrozenThanThereIsRoomFor() throws Exception {
        Adopter adopter = startTaker(open(0));
        giver.open();
        growWindow();
        CountDownLatch gate = open(1);
        adopter.gate = gate;
        List<Connection> asked = ask(ConnectionGiver.WINDOW + 10);
        asked.get(ConnectionGiver.WINDOW - 1).frozen.await();
        assertThat(asked.get(ConnectionGiver.WINDOW).frozen.getCount())
                .as("the first that has to wait")
                .isOne();
        gate.countDown();
        assertAllMoved(asked);
    }

    @Test
    void aPeerThatHasNotAnsweredYetHoldsUpOneConnectionOnly() throws Exception {
        CountDownLatch gate = open(1);
        startTaker(gate);
        giver.open();
        List<Connection> asked = ask(10);
        asked.getFirst().frozen.await();
        assertThat(asked.get(ConnectionGiver.FIRST_WINDOW).frozen.getCount()).isOne();
        gate.countDown();
        assertAllMoved(asked);
    }

    @Test
    void oneThatCannotMoveNowLeavesItsRoomToOthersAndMayAskAgain() throws Exception {
        startTaker(open(0));
        giver.open();
        Connection busy = new Connection(0, 4);
        busy.movable = false;
        connections.add(busy);
        for (int i = 0; i < 2 * ConnectionGiver.WINDOW; i++) {
            giver.request(busy);
        }
        assertThat(ask(1).getFirst().fate()).isEqualTo("moved");
        assertThat(busy.fate).isNotDone();
        busy.movable = true;
        giver.request(busy);
        assertThat(busy.fate()).isEqualTo("moved");
    }

    @Test
    void asManyAsOneLikesMayAnswerAtOnceThatTheyCannotMove() throws Exception {
        CountDownLatch gate = open(1);
        startTaker(gate);
        giver.open();
        List<Connection> before = ask(ConnectionGiver.WINDOW);
        Connection busy = new Connection(-1, 4);
        busy.movable = false;
        connections.add(busy);
        for (int i = 0; i < 100_000; i++) {
            giver.request(busy);
        }
        List<Connection> after = ask(1);
        gate.countDown(); // From here the thread that reads answers admits the rest.
        assertAllMoved(before);
        assertThat(after.getFirst().fate()).isEqualTo("moved");
    }

    @Test
    void aConnectionThatThrowsKeepsTheWordFromNoOther() throws Exception {
        Adopter adopter = startTaker(open(0));
        adopter.refused = 1;
        adopter.throwing = 2;
        giver.open();
        for (int i = 0; i < 10; i++) {
            Connection connection = new Connection(i, 4);
            connection.throwing = i < 2;
            connections.add(connection);
            giver.request(connection);
        }
        for (Connection connection : connections) {
            assertThat(connection.fate()).isEqualTo(connection.number == 1 ? "stays" : "moved");
        }
        Await.state("all but the one have begun", SOON, () -> adopter.begun.size() == 9);
        assertThat(giver.isOpen()).isTrue();
    }

    @Test
    void whatThePeerHasNotAnsweredWhenItDiesStays() throws Exception {
        giver.open();
        List<Connection> asked = ask(3);
        takeFirstBatch(0);
        Descriptors.close(pair[1]);
        for (Connection connection : asked) {
            assertThat(connection.fate()).isEqualTo("stays");
        }
        assertThat(giver.isOpen()).isFalse();
        assertThat(ask(1).getFirst().fate()).as("one that comes later").isEqualTo("stays");
    }

    @Test
    void whatThePeerHasAnsweredBeforeItDiedHasMoved() throws Exception {
        giver.open();
        List<Connection> asked = ask(1);
        Frame batch = takeFirstBatch(0);
        send(ConnectionFrames.taken(batch, new boolean[] {true}));
        Descriptors.close(pair[1]);
        assertThat(asked.getFirst().fate()).isEqualTo("moved");
    }

    @Test
    void aPeerThatDoesNotAnswerIsGivenUpAndCannotTakeAnythingLater() throws Exception {
        giver = new ConnectionGiver(new FrameChannel(pair[0]), Duration.ofMillis(300));
        CountDownLatch gate = open(1);
        Adopter adopter = startTaker(gate);
        giver.open();
        List<Connection> asked = ask(10);
        for (Connection connection : asked) {
            assertThat(connection.fate()).isEqualTo("stays");
        }
        gate.countDown();
        // Those that were in the message that it has read.
        assertThat(adopter.abandoned.poll(SOON.toSeconds(), TimeUnit.SECONDS)).isNotNull();
        assertThat(adopter.begun).isEmpty();
    }

    @Test
    void anUndoLeavesWhatIsNotSentAndAwaitsTheAnswerForTheRest() throws Exception {
        Adopter adopter = startTaker(open(0));
        giver.open();
        growWindow();
        CountDownLatch gate = open(1);
        adopter.gate = gate;
        List<Connection> asked = ask(ConnectionGiver.WINDOW + 10);
        asked.get(ConnectionGiver.WINDOW - 1).frozen.await();
        giver.halt();
        assertThat(asked.getLast().fate()).as("never frozen").isEqualTo("stays");
        gate.countDown();
        int moved = 0;
        for (Connection connection : connections) {
            moved += connection.fate().equals("moved") ? 1 : 0;
        }
        assertThat(giver.moved()).isEqualTo(moved);
        Await.state("as many have begun", SOON, () -> adopter.begun.size() == giver.moved());
        assertThat(ask(1).getFirst().fate()).isEqualTo("stays");
        giver.open();
        assertThat(ask(1).getFirst().fate()).as("after the next switch").isEqualTo("moved");
    }

    @Test
    void anAnswerThatMakesNoSenseEndsTheMove() throws Exception {
        giver.open();
        List<Connection> asked = ask(1);
        Frame batch = takeFirstBatch(0);
        send(ConnectionFrames.taken(batch, new boolean[] {true, true}));
        assertThat(asked.getFirst().fate()).isEqualTo("stays");
        assertThat(Messages.receive(pair[1], 10).isEndOfStream()).isTrue();
        Descriptors.close(pair[1]);
    }

    @Test
    void anAnswerToNothingEndsTheMove() throws Exception {
        giver.open();
        send(ConnectionFrames.taken(Frame.of(Frame.Type.CONNECTIONS).with(Frame.Tag.BATCH, 0), new boolean[0]));
        assertThat(Messages.receive(pair[1], 10).isEndOfStream()).isTrue();
        Descriptors.close(pair[1]);
    }

    @Test
    void moreDescriptorsThanConnectionsEndTheMoveAndAreClosed() throws Exception {
        Adopter adopter = new Adopter(open(0));
        new ConnectionTaker(new FrameChannel(pair[0])).start(adopter);
        Connection connection = new Connection(1, 4);
        connections.add(connection);
        Frame frame = ConnectionFrames.connections(
                0, List.of(new MovableConnection.Frozen(LISTENER, connection.sockets[0], connection.state)));
        Messages.send(pair[1], frame.encode(), new int[] {pair[1], pair[1]}, true);
        assertThat(Messages.receive(pair[1], 10).isEndOfStream()).isTrue();
        Descriptors.close(pair[1]);
        giver = new ConnectionGiver(new FrameChannel(Sockets.unix(Sockets.Type.SEQPACKET)));
        assertThat(adopter.begun).isEmpty();
    }

    /** The connections of the next message, as the other process gets them; the descriptors are closed. */
    private Frame takeFirstBatch(int number) throws IOException {
        var message = Messages.receive(pair[1], Frame.MAX_BYTES);
        for (int descriptor : message.descriptors()) {
            Descriptors.close(descriptor);
        }
        Frame frame = decode(message.payload());
        assertThat(frame.number(Frame.Tag.BATCH)).isEqualTo(number);
        assertThat(ConnectionFrames.entries(frame)).hasSize(message.descriptors().length);
        return frame;
    }

    private static Frame decode(byte[] bytes) throws IOException {
        return Objects.requireNonNull(Frame.decode(bytes));
    }

    private void send(Frame frame) throws IOException {
        Messages.send(pair[1], frame.encode(), new int[0], true);
    }

    @Test
    void aStateTravelsAsItIs() throws Exception {
        Descriptors.close(pair[1]);
        byte[] state = new byte[Migration.MAX_STATE_BYTES];
        new Random(1).nextBytes(state);
        var frozen = new MovableConnection.Frozen(ListenAddress.parse("unix:/tmp/ä b"), 0, state);
        Frame frame =
                decode(ConnectionFrames.connections(3, List.of(frozen, frozen)).encode());
        assertThat(ConnectionFrames.entries(frame)).hasSize(2).allSatisfy(entry -> {
            assertThat(entry.listener()).isEqualTo(frozen.listener());
            assertThat(entry.state()).isEqualTo(state);
        });
        assertThat(ConnectionFrames.taken(
                        decode(ConnectionFrames.taken(frame, new boolean[] {true, false})
                                .encode()),
                        3,
                        2))
                .containsExactly(true, false);
    }
}
