package dev.baton;

import dev.baton.posix.Descriptors;
import dev.baton.posix.Sockets;
import java.io.IOException;

/**
 * The two ways of connections between two generations: there after the switch, and back after an undo.
 *
 * <p>Each way is a pair of sockets of its own, made by the parent and passed with the listeners. So connections never
 * fill the queue in which the frames of the handoff travel, which are sent without waiting, and what goes wrong with
 * connections ends their way alone: those that have not moved are drained in the ordinary way.
 */
final class MigrationLink {
    private final ConnectionGiver giver;
    private final ConnectionTaker taker;

    private MigrationLink(int giving, int taking) {
        giver = new ConnectionGiver(new FrameChannel(giving));
        taker = new ConnectionTaker(new FrameChannel(taking));
    }

    /** The parent's side: makes the sockets and sends the successor its ends. */
    static MigrationLink open(FrameChannel channel) throws IOException {
        int[] there = Sockets.pair(Sockets.Type.SEQPACKET);
        int[] back;
        try {
            back = Sockets.pair(Sockets.Type.SEQPACKET);
        } catch (IOException e) {
            closeAll(there);
            throw e;
        }
        MigrationLink link = new MigrationLink(there[0], back[0]);
        boolean sent = false;
        try {
            channel.send(Frame.of(Frame.Type.MIGRATION), new int[] {back[1], there[1]});
            sent = true;
            return link;
        } finally {
            closeAll(there[1], back[1]);
            if (!sent) {
                link.abandon();
            }
        }
    }

    /** The successor's side, of what came with MIGRATION. */
    static MigrationLink of(int[] descriptors) throws IOException {
        if (descriptors.length != 2) {
            closeAll(descriptors);
            throw new ProtocolException("MIGRATION brings " + descriptors.length + " descriptors instead of 2");
        }
        return new MigrationLink(descriptors[0], descriptors[1]);
    }

    private static void closeAll(int... descriptors) throws IOException {
        for (int descriptor : descriptors) {
            Descriptors.close(descriptor);
        }
    }

    /** The way to the other generation. */
    ConnectionGiver giver() {
        return giver;
    }

    /** The other generation may give from now on. */
    void start(ConnectionTaker.Adopter adopter) {
        taker.start(adopter);
    }

    /** Ends both ways; what was not answered by now has not moved. */
    void close() {
        giver.close();
        taker.close();
    }

    /** The same, if it was never started. */
    void abandon() {
        giver.close();
        taker.abandon();
    }
}
