package dev.baton;

import dev.baton.posix.Messages;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/**
 * Passes connections to another generation, in batches, over a socket that is for nothing else.
 *
 * <pre>
 *   NEW --open--> OPEN <--open, halt--> HALTED        any --end of stream, silence--> ENDED
 *
 *   asking --room--> freezing --frozen--> frozen --sent--> unanswered --taken--> moved
 *      |                |                    |                 |
 *      +----------------+---halt, end--------+      refused, end of stream
 *                       v                                      v
 *                     stays                                  stays
 * </pre>
 *
 * <p><b>Whose is it.</b> A connection is this process's until an answer that says it is taken lies in this socket's queue,
 * and the other's from then on. The other process sends that answer before it reads, and if the kernel refuses to take
 * it, closes its copy. So this class has to read every answer that was ever queued before it calls a connection its own
 * again, and that is what the end of the stream is for: whoever gives up, for whatever reason, first shuts the socket
 * down, after which the kernel refuses further answers; then one thread, the one that reads answers, reads to the end, and
 * only then hands back what nobody has answered. The death of either process, a successor that is frozen and thaws
 * later, and a deadline are the same case.
 *
 * <p><b>Room.</b> So many connections only are frozen or on their way: {@link #FIRST_WINDOW} at first, twice as many with each
 * answer, at most {@link #WINDOW}. So a peer that is slow, or cold, as a successor is that has never taken a connection,
 * holds up no more than those; the others go on being served here meanwhile. A peer that does not answer for
 * {@link #PATIENCE} is given nothing any more.
 *
 * <p><b>Threads.</b> One sends and may wait for room in the peer's queue; one reads answers. The owner, event loops and
 * these two take the lock for moments; connections are called outside it.
 */
final class ConnectionGiver implements Migration {
    /** Twice what fits into one message, so that one can be on its way while the next is collected. */
    static final int WINDOW = 2 * Messages.MAX_DESCRIPTORS;

    static final int FIRST_WINDOW = 1;

    /** For the answer to a batch. To take one needs milliseconds. */
    private static final Duration PATIENCE = Duration.ofSeconds(10);

    private enum Phase {
        NEW,
        OPEN,
        /** The drain was undone; it may begin anew. */
        HALTED,
        ENDED
    }

    private record Given(MovableConnection connection, MovableConnection.Frozen frozen) {}

    private record Batch(int number, List<Given> connections, long deadline) {}

    private final FrameChannel channel;
    private final Duration patience;

    private final ArrayDeque<MovableConnection> asking = new ArrayDeque<>(); // guarded by this, like all below
    private final ArrayDeque<Given> frozen = new ArrayDeque<>();
    private final ArrayDeque<Batch> unanswered = new ArrayDeque<>();

    private int window = FIRST_WINDOW;

    /** From freezing to the answer. */
    private int underWay;

    /** A thread is in {@link #admit}. */
    private boolean admitting;

    private int batches;
    private int moved;
    private volatile Phase phase = Phase.NEW;

    /** Takes the channel over. */
    ConnectionGiver(FrameChannel channel) {
        this(channel, PATIENCE);
    }

    ConnectionGiver(FrameChannel channel, Duration patience) {
        this.channel = channel;
        this.patience = patience;
    }

    /** Connections may ask from now on. Does nothing after the end. */
    synchronized void open() {
        switch (phase) {
            case NEW -> {
                phase = Phase.OPEN;
                Thread.ofPlatform().daemon().name("baton-give").start(this::send);
                Thread.ofPlatform().daemon().name("baton-given").start(this::readAnswers);
            }
            case HALTED -> phase = Phase.OPEN;
            case OPEN, ENDED -> {
                // As it is.
            }
        }
    }

    /** This generation serves again: what was not sent stays; what was sent is the peer's if it takes it. */
    void halt() {
        List<MovableConnection> staying = List.of();
        synchronized (this) {
            if (phase == Phase.OPEN) {
                phase = Phase.HALTED;
                staying = unsent();
            }
        }
        staying.forEach(ConnectionGiver::stays);
    }

    /** No more is given; what was not answered by now stays. */
    void close() {
        boolean unused;
        synchronized (this) {
            unused = phase == Phase.NEW;
            if (unused) {
                phase = Phase.ENDED;
            }
        }
        if (unused) {
            channel.close(); // There is no thread that reads.
        } else {
            channel.shutdown();
        }
    }

    @Override
    public boolean isOpen() {
        return phase == Phase.OPEN;
    }

    /** How many connections the peer has taken. */
    synchronized int moved() {
        return moved;
    }

    @Override
    public void request(MovableConnection connection) {
        boolean asks;
        synchronized (this) {
            asks = phase == Phase.OPEN;
            if (asks) {
                asking.add(connection);
            }
        }
        if (asks) {
            admit();
        } else {
            stays(connection);
        }
    }

    /**
     * Freezes as many as there is room for. One thread does it at a time, in a loop: a connection that answers at once that
     * it cannot move makes room for the next from within.
     */
    private void admit() {
        synchronized (this) {
            if (admitting) {
                return; // That thread looks once more before it stops.
            }
            admitting = true;
        }
        MovableConnection next = nextAdmitted();
        while (next != null) {
            freeze(next);
            next = nextAdmitted();
        }
    }

    private synchronized @Nullable MovableConnection nextAdmitted() {
        admitting = phase == Phase.OPEN && underWay < window && !asking.isEmpty();
        if (!admitting) {
            return null;
        }
        underWay++;
        return asking.remove();
    }

    private void freeze(MovableConnection connection) {
        CompletionStage<Optional<MovableConnection.Frozen>> frozen;
        try {
            frozen = connection.freeze();
        } catch (RuntimeException | Error e) {
            frozen = CompletableFuture.failedFuture(e);
        }
        var _ = frozen.whenComplete((state, failure) -> {
            if (failure == null) {
                frozen(connection, state);
            } else {
                Log.participantFailed(failure);
                stays(connection);
                leave(1);
            }
        });
    }

    private void frozen(MovableConnection connection, Optional<MovableConnection.Frozen> state) {
        if (state.isEmpty()) {
            leave(1);
            return;
        }
        boolean goes;
        synchronized (this) {
            goes = phase == Phase.OPEN;
            if (goes) {
                frozen.add(new Given(connection, state.get()));
                notifyAll();
            }
        }
        if (!goes) {
            stays(connection);
            leave(1);
        }
    }

    /** So many are not under way any more. */
    private void leave(int count) {
        synchronized (this) {
            underWay -= count;
        }
        admit();
    }

    // The thread that sends.

    private void send() {
        try {
            channel.sendTimeout(patience);
            Batch batch = nextBatch();
            while (batch != null) {
                send(batch);
                batch = nextBatch();
            }
        } catch (IOException e) {
            Log.connectionsNotMoved(String.valueOf(e.getMessage()));
        } catch (InterruptedException e) {
            throw new AssertionError("nobody interrupts this thread", e);
        } finally {
            channel.shutdown(); // And the thread that reads does the rest.
        }
    }

    /** Waits for the next batch; null when no more is to be sent. */
    private synchronized @Nullable Batch nextBatch() throws InterruptedException, IOException {
        while (phase != Phase.ENDED && frozen.isEmpty()) {
            Batch oldest = unanswered.peek();
            if (oldest == null) {
                wait();
                continue;
            }
            long left = oldest.deadline() - System.nanoTime();
            if (left <= 0) {
                throw new IOException("no answer within " + Durations.format(patience));
            }
            wait(left / 1_000_000 + 1);
        }
        if (phase == Phase.ENDED) {
            return null;
        }
        List<Given> connections = new ArrayList<>();
        int bytes = 0;
        while (!frozen.isEmpty() && connections.size() < Messages.MAX_DESCRIPTORS) {
            bytes += ConnectionFrames.size(frozen.element().frozen());
            if (bytes > ConnectionFrames.MAX_BYTES) {
                break; // One alone always fits.
            }
            connections.add(frozen.remove());
        }
        Batch batch = new Batch(batches++, connections, System.nanoTime() + patience.toNanos());
        unanswered.add(batch); // Before it is sent: the answer may be faster than this thread.
        return batch;
    }

    private void send(Batch batch) throws IOException {
        List<MovableConnection.Frozen> connections =
                batch.connections().stream().map(Given::frozen).toList();
        channel.send(
                ConnectionFrames.connections(batch.number(), connections),
                connections.stream()
                        .mapToInt(MovableConnection.Frozen::descriptor)
                        .toArray());
    }

    // The thread that reads answers.

    private void readAnswers() {
        try {
            readToTheEnd();
        } catch (IOException e) {
            Log.connectionsNotMoved(String.valueOf(e.getMessage()));
            channel.shutdown();
            readTheRest();
        } finally {
            channel.close();
            end();
        }
    }

    /** After a failure: the peer may have taken batches before the socket was shut down. */
    private void readTheRest() {
        try {
            readToTheEnd();
        } catch (IOException e) {
            // It cannot be understood; this is as much as can be known.
        }
    }

    private void readToTheEnd() throws IOException {
        Frame frame = channel.receive();
        while (frame != null) {
            answered(frame);
            frame = channel.receive();
        }
    }

    private void answered(Frame frame) throws IOException {
        Batch batch;
        synchronized (this) {
            batch = unanswered.peek();
            if (batch == null) {
                throw new ProtocolException(frame + " came, and nothing was sent");
            }
        }
        boolean[] taken = ConnectionFrames.taken(
                frame, batch.number(), batch.connections().size());
        synchronized (this) {
            unanswered.remove();
            window = Math.min(WINDOW, 2 * window);
            for (boolean each : taken) {
                moved += each ? 1 : 0;
            }
        }
        for (int i = 0; i < taken.length; i++) {
            MovableConnection connection = batch.connections().get(i).connection();
            if (taken[i]) {
                ParticipantGroup.attempt(connection::moved);
            } else {
                stays(connection);
            }
        }
        leave(taken.length);
    }

    /** One that throws keeps the word from no other. */
    private static void stays(MovableConnection connection) {
        ParticipantGroup.attempt(connection::stays);
    }

    /** The peer has answered all that it ever will. */
    private void end() {
        List<MovableConnection> staying;
        synchronized (this) {
            phase = Phase.ENDED;
            staying = unsent();
            for (Batch batch : unanswered) {
                batch.connections().forEach(given -> staying.add(given.connection()));
            }
            unanswered.clear();
            notifyAll();
        }
        staying.forEach(ConnectionGiver::stays);
    }

    private synchronized List<MovableConnection> unsent() {
        List<MovableConnection> unsent = new ArrayList<>(asking);
        asking.clear();
        frozen.forEach(given -> unsent.add(given.connection()));
        underWay -= frozen.size();
        frozen.clear();
        return unsent;
    }
}
