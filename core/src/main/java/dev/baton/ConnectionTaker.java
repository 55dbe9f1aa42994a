package dev.baton;

import dev.baton.MigratingParticipant.Adoption;
import dev.baton.posix.Descriptors;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Takes connections from another generation; the other end of a {@link ConnectionGiver}.
 *
 * <p>It prepares all connections of a batch, says which it takes, and only then lets them be read: the moment at which the
 * kernel has the answer is the one at which they change hands. If it does not take the answer, because the other process
 * has died or given up, nothing was done that anybody could notice, and the copies are closed.
 *
 * <p>One thread does all of it. It must not be held up: the other process keeps its connections frozen meanwhile.
 */
final class ConnectionTaker {
    /** Who goes on with connections. Called by the taker's thread. */
    interface Adopter {
        /** As {@link MigratingParticipant#adopt}. */
        Optional<Adoption> adopt(ListenAddress listener, int descriptor, byte[] state);
    }

    private final FrameChannel channel;

    /** Takes the channel over. */
    ConnectionTaker(FrameChannel channel) {
        this.channel = channel;
    }

    /** Begins; called at most once. */
    void start(Adopter adopter) {
        Thread.ofPlatform().daemon().name("baton-take").start(() -> takeAll(adopter));
    }

    /** Takes no more. */
    void close() {
        channel.shutdown();
    }

    /** The same for one that was not started. */
    void abandon() {
        channel.close();
    }

    private void takeAll(Adopter adopter) {
        try (channel) {
            FrameChannel.Received received = channel.receiveWithDescriptors();
            while (received != null) {
                take(received, adopter);
                received = channel.receiveWithDescriptors();
            }
        } catch (IOException e) {
            Log.connectionsNotTaken(e);
        }
    }

    /** Each descriptor gets an owner, or is closed, whatever happens to the others. */
    private void take(FrameChannel.Received received, Adopter adopter) throws IOException {
        int[] descriptors = received.descriptors();
        List<Adoption> adoptions = new ArrayList<>();
        int handled = 0;
        boolean answered = false;
        try {
            List<ConnectionFrames.Entry> entries = ConnectionFrames.entries(received.frame());
            if (entries.size() != descriptors.length) {
                throw new ProtocolException(
                        "CONNECTIONS names " + entries.size() + " and brings " + descriptors.length + " descriptors");
            }
            boolean[] taken = new boolean[descriptors.length];
            while (handled < descriptors.length) {
                ConnectionFrames.Entry entry = entries.get(handled);
                int descriptor = descriptors[handled];
                Optional<Adoption> adoption = adopt(adopter, entry, descriptor);
                taken[handled] = adoption.isPresent();
                handled++;
                if (adoption.isPresent()) {
                    adoptions.add(adoption.get());
                } else {
                    Descriptors.close(descriptor);
                }
            }
            channel.send(ConnectionFrames.taken(received.frame(), taken));
            answered = true;
        } finally {
            for (Adoption adoption : adoptions) {
                ParticipantGroup.attempt(answered ? adoption::begin : adoption::abandon);
            }
            for (; handled < descriptors.length; handled++) {
                Descriptors.close(descriptors[handled]);
            }
        }
    }

    private static Optional<Adoption> adopt(Adopter adopter, ConnectionFrames.Entry entry, int descriptor) {
        try {
            return adopter.adopt(entry.listener(), descriptor, entry.state());
        } catch (RuntimeException | Error e) {
            Log.participantFailed(e);
            return Optional.empty();
        }
    }
}
