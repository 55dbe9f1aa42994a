package dev.baton.netty;

import dev.baton.Migration;
import dev.baton.MovableConnection;
import dev.baton.drain.IdlePolicy;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;

/** The way of a server's connections to another process, while there is one. Safe for use by any thread. */
final class Migrator {
    private final boolean allowed;
    private final LongAdder moved = new LongAdder();
    private final LongAdder stayed = new LongAdder();
    private final LongAdder adopted = new LongAdder();

    @Nullable
    private volatile Migration migration;

    Migrator(IdlePolicy policy) {
        allowed = policy == IdlePolicy.MIGRATE;
    }

    /** Connections may move from now on, if the policy lets them. */
    void open(Migration value) {
        migration = allowed ? value : null;
    }

    /** The drain is undone: connections that have asked are told by the migration. */
    void close() {
        migration = null;
    }

    /** Whether there is a way in this drain, or was. */
    boolean wasOpened() {
        return migration != null;
    }

    boolean isOpen() {
        Migration current = migration;
        return current != null && current.isOpen();
    }

    void request(MovableConnection connection) {
        Migration current = migration;
        if (current == null) {
            connection.stays();
        } else {
            current.request(connection);
        }
    }

    void connectionMoved() {
        moved.increment();
    }

    void connectionStayed() {
        stayed.increment();
    }

    void connectionAdopted() {
        adopted.increment();
    }

    MigrationCounts counts() {
        return new MigrationCounts(moved.sum(), stayed.sum(), adopted.sum());
    }
}
