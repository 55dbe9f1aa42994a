package dev.baton;

import dev.baton.posix.Messages;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;

/** The parent's end of a handoff; lives on the thread that the control socket gave to the connection. */
final class SuccessorLink {
    /** What the successor's frames mean to this generation; called by the link's thread. */
    interface Events {
        void connected(SuccessorLink link);

        void ready();

        void accepting();

        /** The successor ends without having accepted. */
        void givenUp(String reason);

        /**
         * The successor does not need this generation to come back any more.
         *
         * @param stop who has asked for the end of the service, if it ends
         */
        void commit(Optional<String> stop);

        /** The successor wants this generation to come back. */
        void undo();

        void healthy(boolean healthy);

        /** The stream has ended. */
        void lost();

        /**
         * The handoff cannot go on, while the successor may well live. Returns when the generation has done what follows:
         * the successor takes the end of the stream for the parent's death, and must be gone before it sees one.
         */
        void broken(IOException reason);
    }

    /** The most bytes of state in one frame, with room for all else that is in it. */
    private static final int PIECE_BYTES = Frame.MAX_BYTES / 2;

    private static final int[] NONE = {};

    /** Something to say. */
    interface Message {
        void sendTo(SuccessorLink link) throws IOException;
    }

    /**
     * What a successor learns of those before it.
     *
     * @param generation its number
     * @param parent its parent's number, which is not always one less: the number of a generation that was undone is not
     *     given again
     * @param fallback the control socket of the grandparent, if that comes back when the parent dies
     * @param older the generations before the parent that still drain
     */
    record Lineage(int generation, int parent, Optional<Path> fallback, List<Predecessors.Predecessor> older) {}

    private final FrameChannel channel;
    private final long pid;
    private final MigrationLink migration;

    private SuccessorLink(FrameChannel channel, long pid, MigrationLink migration) {
        this.channel = channel;
        this.pid = pid;
        this.migration = migration;
    }

    /** Tells the successor that it cannot take over. */
    static void fail(FrameChannel channel, String reason) throws IOException {
        channel.send(Frame.of(Frame.Type.FAILED).with(Frame.Tag.REASON, reason));
    }

    /** Tells a stranger that it gets nothing. */
    static void refuse(FrameChannel channel, String reason) throws IOException {
        channel.send(Frame.of(Frame.Type.REFUSED).with(Frame.Tag.REASON, reason));
    }

    /**
     * Hands listeners and state to an admitted successor, and then reports what it says until it says no more. Returns at the
     * end of the stream; descriptors of the offers are closed by then.
     */
    static void serve(
            FrameChannel channel,
            Frame hello,
            Lineage lineage,
            StandardError standardError,
            ListenerTable listeners,
            OfferedState state,
            ConnectionTaker.Adopter adopter,
            Events events) {
        try {
            welcome(channel, hello, lineage);
            standardError.sendTo(channel);
            send(channel, listeners);
            send(channel, state.collect());
            SuccessorLink link = new SuccessorLink(channel, channel.peer().pid(), MigrationLink.open(channel));
            try {
                link.migration.start(adopter);
                channel.send(Frame.of(Frame.Type.HANDED), NONE);
                channel.timeout(Duration.ZERO);
                events.connected(link);
                link.report(events);
            } finally {
                link.migration.close();
            }
            events.lost();
        } catch (IOException e) {
            events.broken(e);
        } catch (RuntimeException | Error e) {
            events.broken(new IOException("the link cannot go on: " + e, e)); // No memory, say: nobody would be heard.
        }
    }

    private static void welcome(FrameChannel channel, Frame hello, Lineage lineage) throws IOException {
        int version;
        try {
            version = Protocol.negotiate(hello.number(Frame.Tag.MIN_VERSION), hello.number(Frame.Tag.MAX_VERSION));
        } catch (ProtocolException e) {
            fail(channel, String.valueOf(e.getMessage()));
            throw e;
        }
        Frame welcome = Frame.of(Frame.Type.WELCOME)
                .with(Frame.Tag.VERSION, version)
                .with(Frame.Tag.GENERATION, lineage.generation())
                .with(Frame.Tag.PARENT_GENERATION, lineage.parent())
                .with(Frame.Tag.RELEASE, Protocol.release());
        lineage.fallback().ifPresent(socket -> welcome.with(Frame.Tag.FALLBACK_SOCKET, socket.toString()));
        lineage.older().forEach(older -> welcome.with(Frame.Tag.PREDECESSOR, older.encode()));
        channel.send(welcome);
    }

    private static void send(FrameChannel channel, ListenerTable listeners) throws IOException {
        List<ListenerTable.Offer> offers = listeners.offers();
        try {
            send(channel, Frame.Type.LISTENERS, offers, offer -> !offer.isForDatagrams());
            send(channel, Frame.Type.DATAGRAM_LISTENERS, offers, ListenerTable.Offer::isForDatagrams);
        } finally {
            for (ListenerTable.Offer offer : offers) {
                offer.close();
            }
        }
    }

    private static void send(
            FrameChannel channel,
            Frame.Type type,
            List<ListenerTable.Offer> offers,
            Predicate<ListenerTable.Offer> which)
            throws IOException {
        List<ListenerTable.Offer> chosen = offers.stream().filter(which).toList();
        for (int start = 0; start < chosen.size(); start += Messages.MAX_DESCRIPTORS) {
            send(channel, type, chosen.subList(start, Math.min(start + Messages.MAX_DESCRIPTORS, chosen.size())));
        }
    }

    private static void send(FrameChannel channel, Frame.Type type, List<ListenerTable.Offer> batch)
            throws IOException {
        Frame frame = Frame.of(type);
        batch.forEach(offer -> frame.with(Frame.Tag.LISTENER, offer.address().key()));
        channel.send(
                frame, batch.stream().mapToInt(ListenerTable.Offer::descriptor).toArray());
    }

    private static void send(FrameChannel channel, Map<String, byte[]> state) throws IOException {
        for (Map.Entry<String, byte[]> entry : state.entrySet()) {
            byte[] blob = entry.getValue();
            int sent = 0;
            do {
                byte[] piece = Arrays.copyOfRange(blob, sent, Math.min(blob.length, sent + PIECE_BYTES));
                sent += piece.length;
                Frame frame = Frame.of(Frame.Type.STATE)
                        .with(Frame.Tag.NAME, entry.getKey())
                        .with(Frame.Tag.PIECE, piece)
                        .with(Frame.Tag.REMAINING, blob.length - sent);
                channel.send(frame, NONE);
            } while (sent < blob.length);
        }
    }

    private void report(Events events) throws IOException {
        Frame frame = channel.receive();
        while (frame != null) {
            switch (frame.type()) {
                case READY -> events.ready();
                case ACCEPTING -> events.accepting();
                case GIVEN_UP -> events.givenUp(frame.text(Frame.Tag.REASON));
                case COMMIT -> events.commit(frame.optionalText(Frame.Tag.STOP));
                case UNDO -> events.undo();
                case HEALTHY -> events.healthy(true);
                case UNHEALTHY -> events.healthy(false);
                default -> throw new ProtocolException(frame + " came, which no successor says after HELLO");
            }
            frame = channel.receive();
        }
    }

    /** The way of connections to the successor. */
    ConnectionGiver giver() {
        return migration.giver();
    }

    /** The process at the other end, by the kernel's word. */
    long pid() {
        return pid;
    }

    /** Says something to a successor whose death, if it is dead, is seen by the link's thread, as the end of the stream. */
    void send(Message message) {
        try {
            message.sendTo(this);
        } catch (IOException e) {
            Log.successorNotTold(pid, e);
        }
    }

    void sendSwitch() throws IOException {
        channel.send(Frame.of(Frame.Type.SWITCH));
    }

    void sendParked(Duration undoWindow) throws IOException {
        channel.send(Frame.of(Frame.Type.PARKED).with(Frame.Tag.UNDO_WINDOW, Math.toIntExact(undoWindow.toMillis())));
    }

    void sendReleased() throws IOException {
        channel.send(Frame.of(Frame.Type.RELEASED));
    }

    void sendUndone(String reason) throws IOException {
        channel.send(Frame.of(Frame.Type.UNDONE).with(Frame.Tag.REASON, reason));
    }

    void sendNotUndone(String reason) throws IOException {
        channel.send(Frame.of(Frame.Type.NOT_UNDONE).with(Frame.Tag.REASON, reason));
    }

    void sendStop(String origin) throws IOException {
        channel.send(Frame.of(Frame.Type.STOP).with(Frame.Tag.REASON, origin));
    }

    void sendHealth() throws IOException {
        channel.send(Frame.of(Frame.Type.HEALTH));
    }

    void close() {
        channel.shutdown();
    }
}
