package dev.baton.netty;

import static org.assertj.core.api.Assertions.assertThat;

import dev.baton.MigratingParticipant;
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
import java.util.concurrent.atomic.AtomicInteger;

/** Moves connections within one JVM, by duplicates of their descriptors; at once, or by the test's hand. */
final class TestMigration implements Migration {
    private final MigratingParticipant target;
    private final boolean byHand;
    private final BlockingQueue<MovableConnection> asked = new LinkedBlockingQueue<>();
    private final AtomicInteger requests = new AtomicInteger();
    private volatile boolean open = true;

    private TestMigration(MigratingParticipant target, boolean byHand) {
        this.target = target;
        this.byHand = byHand;
    }

    static TestMigration to(MigratingParticipant target) {
        return new TestMigration(target, false);
    }

    static TestMigration byHandTo(MigratingParticipant target) {
        return new TestMigration(target, true);
    }

    @Override
    public boolean isOpen() {
        return open;
    }

    void close() {
        open = false;
    }

    int requests() {
        return requests.get();
    }

    @Override
    public void request(MovableConnection connection) {
        requests.incrementAndGet();
        if (byHand) {
            asked.add(connection);
        } else {
            var _ = connection.freeze().thenAccept(frozen -> frozen.ifPresent(each -> move(connection, each)));
        }
    }

    MovableConnection nextAsked() throws InterruptedException {
        MovableConnection connection = asked.poll(TestServer.SOON.toSeconds(), TimeUnit.SECONDS);
        assertThat(connection).as("a connection that asks").isNotNull();
        return connection;
    }

    Optional<Frozen> frozen(MovableConnection connection) throws InterruptedException {
        return Await.event("the freeze", connection.freeze().toCompletableFuture(), Duration.ofSeconds(10));
    }

    /** As core does it: a duplicate is sent, the other process says that it has it, and each does its part. */
    void move(MovableConnection connection, Frozen frozen) {
        Optional<Adoption> adoption = adopt(frozen);
        adoption.ifPresentOrElse(
                each -> {
                    each.begin();
                    connection.moved();
                },
                connection::stays);
    }

    /** What the target says to a duplicate, which is closed if it says no. */
    Optional<Adoption> adopt(Frozen frozen) {
        try {
            int copy = Descriptors.duplicate(frozen.descriptor());
            Optional<Adoption> adoption = target.adopt(frozen.listener(), copy, frozen.state());
            if (adoption.isEmpty()) {
                Descriptors.close(copy);
            }
            return adoption;
        } catch (PosixException e) {
            throw new IllegalStateException(e);
        }
    }
}
