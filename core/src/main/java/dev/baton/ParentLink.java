package dev.baton;

import dev.baton.posix.Descriptors;
import dev.baton.posix.Errno;
import dev.baton.posix.PosixException;
import dev.baton.posix.ProcessContext;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The successor's end of a handoff.
 *
 * <p>The parent's end of life is the end of the stream: there is no other way to learn of it that has no race.
 */
final class ParentLink {
    /** What the parent's frames mean to this generation; called by the link's thread. */
    interface Events {
        /** The parent has taken note of READY and will not kill this process any more: accept. */
        void switched();

        /**
         * The parent accepts no more and has published this process.
         *
         * @param undoWindow for how long it can come back
         */
        void parked(Duration undoWindow);

        /** The parent cannot come back any more: the listeners are this generation's alone. */
        void released();

        /** The parent accepts again, for this reason: this generation ends. */
        void undone(String reason);

        /** The parent stays parked, for this reason, although this generation has asked it to come back. */
        void notUndone(String reason);

        /** The parent asks whether this generation is well. */
        void health();

        /** The parent was asked to stop the service while it handed it over. */
        void stop(String origin);

        /** The parent is gone: whatever is still undecided is this generation's. */
        void lost();

        /** The parent cannot be understood; it may well live. */
        void broken(IOException reason);
    }

    /** Something to say. */
    interface Message {
        void sendTo(ParentLink link) throws IOException;
    }

    private final FrameChannel channel;
    private final Path controlSocket;
    private final int generation;
    private final int parentGeneration;
    private final Optional<Path> fallback;
    private final Predecessors predecessors;
    private final long pid;
    private final InheritedState state;
    private final StandardError standardError;
    private final Optional<MigrationLink> migration;

    /** By this side. */
    private volatile boolean closed;

    private ParentLink(
            FrameChannel channel,
            Path controlSocket,
            Frame welcome,
            InheritedState state,
            StandardError standardError,
            Optional<MigrationLink> migration)
            throws IOException {
        this.channel = channel;
        this.controlSocket = controlSocket;
        this.generation = welcome.number(Frame.Tag.GENERATION);
        this.parentGeneration =
                welcome.has(Frame.Tag.PARENT_GENERATION) ? welcome.number(Frame.Tag.PARENT_GENERATION) : generation - 1;
        this.fallback = welcome.optionalText(Frame.Tag.FALLBACK_SOCKET).map(Path::of);
        this.predecessors = Predecessors.decode(welcome.texts(Frame.Tag.PREDECESSOR));
        this.pid = channel.peer().pid();
        this.state = state;
        this.standardError = standardError;
        this.migration = migration;
    }

    /**
     * Connects to the parent, proves who we are, and takes its listeners into the table.
     *
     * @return empty if there is no such parent any more or it denies that it started this process: then this is a start
     *     like any other
     * @throws HandoffException if the parent is there and the handoff fails
     */
    static Optional<ParentLink> connect(
            HandoffVariables variables, ListenerTable listeners, StandardError standardError) throws IOException {
        FrameChannel channel;
        try {
            channel = FrameChannel.connect(variables.socket());
        } catch (IllegalArgumentException e) {
            Log.notAParent(variables.socket(), String.valueOf(e.getMessage()));
            return Optional.empty();
        } catch (PosixException e) {
            return withoutParent(variables.socket(), e);
        }
        boolean connected = false;
        try {
            if (channel.peer().uid() != ProcessContext.effectiveUserId()) {
                // Variables that were inherited through a change of user; its listeners are not for us.
                Log.refusedByParent("it belongs to another user");
                return Optional.empty();
            }
            Optional<ParentLink> link = shakeHands(channel, variables, listeners, standardError);
            connected = link.isPresent();
            return link;
        } catch (HandoffException e) {
            throw e;
        } catch (HangUpException e) {
            if (e.mayServe || !hasDied(variables.socket())) {
                throw new HandoffException("the handoff from the parent failed: " + e.getMessage(), e);
            }
            standardError.takeOver();
            StandardError.replaceIfBroken();
            Log.parentDied(variables.socket());
            return Optional.empty();
        } catch (IOException e) {
            throw new HandoffException("the handoff from the parent failed: " + e.getMessage(), e);
        } finally {
            if (!connected) {
                standardError.abandon();
                channel.close();
            }
        }
    }

    /**
     * What a failed connect means: a parent that lives, of our user, has a socket of messages there that can be opened.
     * Whatever else is there is none, and then this is a start like any other. Only if it may be a parent that is frozen,
     * or this process is out of descriptors, is it an error: a plain start beside a living parent would not be one.
     */
    private static Optional<ParentLink> withoutParent(Path socket, PosixException e) throws HandoffException {
        StandardError.replaceIfBroken();
        switch (e.errno()) {
            case ENOENT, ECONNREFUSED -> Log.parentGone(socket);
            case EPROTOTYPE -> Log.notAParent(socket, "that is another kind of socket");
            case ENOTDIR, ELOOP, ENAMETOOLONG -> Log.notAParent(socket, "there can be none");
            case EACCES -> Log.notAParent(socket, "this user may not connect to it");
            case EAGAIN ->
                throw new HandoffException(
                        "the parent at " + socket + " did not take the connection within "
                                + Durations.format(Protocol.HANDSHAKE_TIMEOUT)
                                + "; if it is frozen, end it; if it is none, unset " + HandoffVariables.SOCKET,
                        e);
            default -> throw new HandoffException("cannot reach the parent at " + socket + ": " + e.getMessage(), e);
        }
        return Optional.empty();
    }

    private static Optional<ParentLink> shakeHands(
            FrameChannel channel, HandoffVariables variables, ListenerTable listeners, StandardError standardError)
            throws IOException {
        channel.send(Frame.of(Frame.Type.HELLO)
                .with(Frame.Tag.MIN_VERSION, Protocol.MIN_VERSION)
                .with(Frame.Tag.MAX_VERSION, Protocol.MAX_VERSION)
                .with(Frame.Tag.TOKEN, variables.token())
                .with(Frame.Tag.RELEASE, Protocol.release()));
        Frame answer = orHungUp(channel.receive(), false);
        if (answer.type() == Frame.Type.REFUSED) {
            Log.refusedByParent(answer.text(Frame.Tag.REASON));
            return Optional.empty();
        }
        if (answer.type() == Frame.Type.FAILED) {
            throw new ProtocolException(answer.text(Frame.Tag.REASON));
        }
        if (answer.type() != Frame.Type.WELCOME) {
            throw new ProtocolException("WELCOME expected, " + answer + " came");
        }
        int version = answer.number(Frame.Tag.VERSION);
        Protocol.negotiate(version, version);
        InheritedState state = new InheritedState();
        Optional<MigrationLink> migration =
                receive(channel, listeners, state, standardError, answer.has(Frame.Tag.FALLBACK_SOCKET));
        boolean linked = false;
        try {
            channel.timeout(Duration.ZERO);
            ParentLink link = new ParentLink(channel, variables.socket(), answer, state, standardError, migration);
            linked = true;
            return Optional.of(link);
        } finally {
            if (!linked) {
                migration.ifPresent(MigrationLink::abandon);
            }
        }
    }

    /** Takes what the parent hands. The ways of connections are the caller's; a parent of an older release has none. */
    private static Optional<MigrationLink> receive(
            FrameChannel channel,
            ListenerTable listeners,
            InheritedState state,
            StandardError standardError,
            boolean hasFallback)
            throws IOException {
        Optional<MigrationLink> migration = Optional.empty();
        boolean handed = false;
        try {
            while (true) {
                FrameChannel.Received received = orHungUp(channel.receiveWithDescriptors(), hasFallback);
                switch (received.frame().type()) {
                    case LISTENERS, DATAGRAM_LISTENERS -> adopt(received, listeners);
                    case STATE -> state.add(received.frame());
                    case STANDARD_ERROR -> standardError.adopt(received.descriptors());
                    case MIGRATION -> {
                        migration.ifPresent(MigrationLink::abandon);
                        migration = Optional.of(MigrationLink.of(received.descriptors()));
                    }
                    case HANDED -> {
                        state.end();
                        handed = true;
                        return migration;
                    }
                    default ->
                        throw new ProtocolException(
                                "LISTENERS, STATE or HANDED expected, " + received.frame() + " came");
                }
            }
        } finally {
            if (!handed) {
                migration.ifPresent(MigrationLink::abandon);
            }
        }
    }

    /** Each descriptor gets an owner, or is closed, whatever happens to the others. */
    private static void adopt(FrameChannel.Received received, ListenerTable listeners) throws IOException {
        int[] descriptors = received.descriptors();
        int adopted = 0;
        try {
            var keys = received.frame().texts(Frame.Tag.LISTENER);
            if (keys.size() != descriptors.length) {
                throw new ProtocolException(
                        "LISTENERS names " + keys.size() + " and brings " + descriptors.length + " descriptors");
            }
            for (; adopted < descriptors.length; adopted++) {
                listeners.inherit(ListenAddress.parse(keys.get(adopted)), descriptors[adopted]);
            }
        } catch (IllegalArgumentException e) {
            throw new ProtocolException("LISTENERS: " + e.getMessage());
        } finally {
            for (; adopted < descriptors.length; adopted++) {
                Descriptors.close(descriptors[adopted]);
            }
        }
    }

    private static <T> T orHungUp(@Nullable T received, boolean hasFallback) throws HangUpException {
        if (received == null) {
            throw new HangUpException(hasFallback);
        }
        return received;
    }

    /** The end of the stream in the middle of the handoff. */
    @SuppressWarnings("serial") // Never serialised.
    private static final class HangUpException extends IOException {
        /** Somebody serves even if the parent has died. */
        private final boolean mayServe;

        HangUpException(boolean mayServe) {
            super("the parent hung up");
            this.mayServe = mayServe;
        }
    }

    /**
     * Whether the process that listened there has ended, so that nobody listens any more. While it ends, the connection
     * that it had may be closed before the socket at which it listened: then that is still to come, and a connection that
     * is made meanwhile ends with it. A living parent waits for our first frame.
     */
    private static boolean hasDied(Path socket) {
        try (FrameChannel probe = FrameChannel.connect(socket)) {
            probe.timeout(Protocol.DEATH_TIMEOUT);
            return probe.receive() == null;
        } catch (PosixException e) {
            return e.errno() == Errno.ENOENT || e.errno() == Errno.ECONNREFUSED;
        } catch (IOException e) {
            return false;
        }
    }

    int generation() {
        return generation;
    }

    int parentGeneration() {
        return parentGeneration;
    }

    /** The process of the parent, by the kernel's word. */
    long pid() {
        return pid;
    }

    /** What the parent's program left to this one. */
    InheritedState state() {
        return state;
    }

    /** Where the parent can be reached by others. */
    Path controlSocket() {
        return controlSocket;
    }

    /** The control socket of the generation that comes back if the parent dies before the switch. */
    Optional<Path> fallback() {
        return fallback;
    }

    /** The generations before the parent. */
    Predecessors predecessors() {
        return predecessors;
    }

    /** The way of connections to the parent, should it come back. */
    Optional<ConnectionGiver> giver() {
        return migration.map(MigrationLink::giver);
    }

    /**
     * Begins to report what the parent says.
     *
     * @param adopter goes on with the connections that the parent gives
     */
    void listen(Events events, ConnectionTaker.Adopter adopter) {
        migration.ifPresent(link -> link.start(adopter));
        Thread.ofPlatform().daemon().name("baton-parent").start(() -> {
            try (channel) {
                report(events);
                if (!closed) {
                    standardError.takeOver();
                }
                events.lost();
            } catch (IOException e) {
                events.broken(e);
            } catch (RuntimeException | Error e) {
                events.broken(new IOException("the link cannot go on: " + e, e)); // No memory, say.
            } finally {
                migration.ifPresent(MigrationLink::close);
            }
        });
    }

    private void report(Events events) throws IOException {
        Frame frame = channel.receive();
        while (frame != null) {
            switch (frame.type()) {
                case SWITCH -> events.switched();
                case PARKED -> events.parked(undoWindow(frame));
                case RELEASED -> events.released();
                case UNDONE -> events.undone(frame.text(Frame.Tag.REASON));
                case NOT_UNDONE -> events.notUndone(frame.text(Frame.Tag.REASON));
                case HEALTH -> events.health();
                case STOP -> events.stop(frame.text(Frame.Tag.REASON));
                default -> throw new ProtocolException(frame + " came, which no parent says after HANDED");
            }
            frame = channel.receive();
        }
    }

    private static Duration undoWindow(Frame parked) throws ProtocolException {
        return parked.has(Frame.Tag.UNDO_WINDOW)
                ? Duration.ofMillis(parked.number(Frame.Tag.UNDO_WINDOW))
                : Duration.ZERO;
    }

    void sendReady() throws IOException {
        channel.send(Frame.of(Frame.Type.READY));
    }

    /** From here on this process serves, and what it says does not go through the parent any more. */
    void sendAccepting() throws IOException {
        standardError.restore();
        channel.send(Frame.of(Frame.Type.ACCEPTING));
    }

    void sendGivenUp(String reason) throws IOException {
        channel.send(Frame.of(Frame.Type.GIVEN_UP).with(Frame.Tag.REASON, reason));
    }

    void sendCommit(Optional<String> stop) throws IOException {
        Frame commit = Frame.of(Frame.Type.COMMIT);
        stop.ifPresent(origin -> commit.with(Frame.Tag.STOP, origin));
        channel.send(commit);
    }

    void sendUndo() throws IOException {
        channel.send(Frame.of(Frame.Type.UNDO));
    }

    void sendHealth(boolean healthy) throws IOException {
        channel.send(Frame.of(healthy ? Frame.Type.HEALTHY : Frame.Type.UNHEALTHY));
    }

    /** The parent may be frozen: what this process says, and has said already, does not wait for it. */
    void restoreStandardError() {
        standardError.restore();
    }

    /** Hangs up; the link's thread closes. */
    void close() {
        closed = true;
        channel.shutdown();
    }

    /** Closes a link on which nobody listens yet. */
    void abandon() {
        standardError.abandon();
        migration.ifPresent(MigrationLink::abandon);
        channel.close();
    }
}
