package dev.baton.http;

import static org.assertj.core.api.Assertions.assertThat;

import dev.baton.ListenAddress;
import dev.baton.MigratingParticipant.Adoption;
import dev.baton.Migration;
import dev.baton.MovableConnection;
import dev.baton.MovableConnection.Frozen;
import dev.baton.posix.Descriptors;
import dev.baton.posix.PosixException;
import dev.baton.testkit.Await;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/** Moves connections to a server in the same JVM, by duplicates of their descriptors; at once, or by the test's hand. */
final class TestMigration implements Migration {
    private final ServerParticipant target;
    private final ListenAddress listener;
    private final boolean byHand;
    private final BlockingQueue<MovableConnection> asked = new LinkedBlockingQueue<>();
    private volatile boolean open = true;

    /** @param listener as the target knows it: in one process two servers cannot have the same */
    TestMigration(ServerParticipant target, ListenAddress listener, boolean byHand) {
        this.target = target;
        this.listener = listener;
        this.byHand = byHand;
    }

    @Override
    public boolean isOpen() {
        return open;
    }

    /** As at the beginning of an undo, or at the death of the other process; who has asked is to be told. */
    void close() {
        open = false;
    }

    @Override
    public void request(MovableConnection connection) {
        if (byHand) {
            asked.add(connection);
        } else {
            var _ = connection.freeze().thenAccept(frozen -> frozen.ifPresent(each -> move(connection, each)));
        }
    }

    MovableConnection nextAsked() throws InterruptedException {
        MovableConnection connection = asked.poll(15, TimeUnit.SECONDS);
        assertThat(connection).as("a connection that asks").isNotNull();
        return connection;
    }

    boolean nobodyAsks() {
        return asked.isEmpty();
    }

    Optional<Frozen> frozen(MovableConnection connection) throws InterruptedException {
        return Await.event("the freeze", connection.freeze().toCompletableFuture(), Duration.ofSeconds(15));
    }

    void move(MovableConnection connection, Frozen frozen) {
        try {
            int copy = Descriptors.duplicate(frozen.descriptor());
            Optional<Adoption> adoption = target.adopt(listener, copy, frozen.state());
            if (adoption.isPresent()) {
                adoption.get().begin();
                connection.moved();
            } else {
                Descriptors.close(copy);
                connection.stays();
            }
        } catch (PosixException e) {
            throw new IllegalStateException(e);
        }
    }
}
