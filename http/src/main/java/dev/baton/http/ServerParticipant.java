package dev.baton.http;

import dev.baton.ListenAddress;
import dev.baton.MigratingParticipant;
import dev.baton.Migration;
import dev.baton.drain.Conversations;
import dev.baton.netty.NettyServer;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/**
 * A server in a restart: its connections, and what has grown out of them.
 *
 * <p>{@link dev.baton.drain.Connections} does not wait for hijacked connections, by Go's rule. The process must, or they
 * would be cut without a word when it ends. So the drain is over when no connection is left and then no conversation: a
 * conversation is registered before its connection leaves the one, so none can begin between the two.
 */
record ServerParticipant(NettyServer server, Conversations conversations) implements MigratingParticipant {

    @Override
    public CompletionStage<Void> resume() {
        conversations.resume();
        return server.resume();
    }

    @Override
    public CompletionStage<Void> park() {
        return server.park();
    }

    @Override
    public void release() {
        server.release();
    }

    @Override
    public CompletionStage<Void> drain(DrainReason reason) {
        dev.baton.drain.DrainReason why = switch (reason) {
            case SUCCEEDED -> dev.baton.drain.DrainReason.SUCCEEDED;
            case STOPPED -> dev.baton.drain.DrainReason.STOPPED;
        };
        // The connections first: what asks to move asks whether they drain.
        CompletableFuture<Void> connectionsEnded = server.drain(reason);
        var _ = conversations.drain(why);
        return connectionsEnded.thenCompose(_ -> conversations.drain(why).thenAccept(_ -> {}));
    }

    @Override
    public void migrate(Migration migration) {
        server.migrate(migration);
    }

    @Override
    public Optional<Adoption> adopt(ListenAddress listener, int descriptor, byte[] state) {
        return server.adopt(listener, descriptor, state);
    }

    @Override
    public int close() {
        return cut(conversations) + server.close();
    }

    /** Ends every conversation now; the log says how many were cut. */
    static int cut(Conversations conversations) {
        int cut = conversations.close();
        if (cut > 0) {
            Log.conversationsCut(cut);
        }
        return cut;
    }
}
