package dev.baton;

import dev.baton.ControlException.Problem;
import dev.baton.posix.PosixException;
import dev.baton.posix.ProcessContext;
import java.io.IOException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.OptionalLong;
import java.util.function.Consumer;

/**
 * A generation of a service in another process of the same user, asked through its control socket.
 *
 * <pre>{@code
 * for (BatonControl service : BatonControl.list()) {
 *     GenerationStatus status = service.status();
 *     if (status.state() == State.SERVING) {
 *         RestartResult result = service.restart(step -> System.out.println(step.kind() + " after " + step.elapsed()));
 *     }
 * }
 * }</pre>
 *
 * Client and generation may run different releases of Baton. Each call is a connection of its own and waits for the answer,
 * for a bounded time; it throws a {@link ControlException} whose message is one line for people. Immutable; safe for use by
 * any thread. The protocol is docs/handoff-protocol.md, "Requests of operators".
 */
public final class BatonControl {
    private static final Duration DEFAULT_TIMEOUT = Duration.ofSeconds(10);

    /** What a generation itself allows its parent, or its successor, before it answers. */
    private static final Duration RELAY_TIMEOUT = Duration.ofSeconds(10);

    /** Whether anybody listens is known at once, or the queue is full, which is an answer too. */
    private static final Duration PROBE_TIMEOUT = Duration.ofMillis(100);

    private final Path socket;
    private final Duration timeout;

    private BatonControl(Path socket, Duration timeout) {
        this.socket = socket;
        this.timeout = timeout;
    }

    /** The generation whose control socket is at this path. */
    public static BatonControl at(Path socket) {
        return new BatonControl(socket.toAbsolutePath(), DEFAULT_TIMEOUT);
    }

    /** The generation of this process, whose socket is in this run directory. */
    public static BatonControl of(long pid, Path runDirectory) {
        return at(runDirectory.resolve(ControlSocket.name(pid)));
    }

    /** The same in the {@code run-dir} that {@link BatonOptions#configured()} says. */
    public static BatonControl of(long pid) throws IOException {
        return of(pid, RunDirectory.configuredOrDefault());
    }

    /** The {@code run-dir} that {@link BatonOptions#configured()} says, whether it is there or not. */
    public static Path runDirectory() throws IOException {
        return RunDirectory.configuredOrDefault();
    }

    /** As {@link #list(Path)}, in the {@code run-dir} that {@link BatonOptions#configured()} says. */
    public static List<BatonControl> list() throws IOException {
        return list(RunDirectory.configuredOrDefault());
    }

    /**
     * All generations that can be reached in a run directory, by pid: those that serve, and older ones that still drain. A
     * process that is frozen is among them, and one whose socket gives this user no permission; one that is dead is not.
     *
     * @throws IOException if the directory is there and is not this user's alone
     */
    public static List<BatonControl> list(Path runDirectory) throws IOException {
        if (!RunDirectory.exists(runDirectory)) {
            return List.of();
        }
        List<BatonControl> found = new ArrayList<>();
        try (DirectoryStream<Path> sockets = Files.newDirectoryStream(runDirectory, ControlSocket::isName)) {
            for (Path path : sockets) {
                if (isListening(path)) {
                    found.add(at(path));
                }
            }
        } catch (DirectoryIteratorException e) {
            throw e.getCause();
        }
        found.sort(Comparator.comparingLong(each -> ControlSocket.pid(each.socket)));
        return List.copyOf(found);
    }

    private static boolean isListening(Path path) {
        try (FrameChannel _ = FrameChannel.connect(path, PROBE_TIMEOUT)) {
            return true;
        } catch (PosixException e) {
            return switch (e.errno()) {
                case EAGAIN, EACCES, EPERM -> true; // Somebody's, as far as can be known.
                default -> false;
            };
        }
    }

    /** The same generation, with another bound for each answer; 10 s by default. */
    public BatonControl withTimeout(Duration value) {
        if (!value.isPositive()) {
            throw new IllegalArgumentException("the timeout must be longer than 0");
        }
        return new BatonControl(socket, value);
    }

    /** The path of the control socket. */
    public Path socket() {
        return socket;
    }

    /** The process, if the socket is named after one, as those in a run directory are. */
    public OptionalLong pid() {
        return ControlSocket.isName(socket) ? OptionalLong.of(ControlSocket.pid(socket)) : OptionalLong.empty();
    }

    /** How the generation is. */
    public GenerationStatus status() throws ControlException {
        return ask(Frame.Type.ASK_STATUS, channel -> {
            channel.deadline(timeout);
            StatusFrames status = new StatusFrames();
            Frame frame = next(channel);
            while (frame.type() == Frame.Type.STATUS_LISTS) {
                status.add(frame);
                frame = next(channel);
            }
            return status.end(expect(Frame.Type.STATUS, frame));
        });
    }

    /**
     * Restarts the service, and waits for the outcome: for the generation's {@code ready-timeout} and 10 s more, and for
     * this client's timeout, until the restart has begun and beyond that.
     *
     * @param steps called by this thread with each step as it happens
     * @throws ControlException also if the answer does not come; the restart, once begun, goes on without this client
     */
    public RestartResult restart(Consumer<RestartStep> steps) throws ControlException {
        return ask(Frame.Type.ASK_RESTART, channel -> {
            channel.deadline(timeout);
            Frame frame = next(channel);
            if (frame.type() == Frame.Type.STEP) {
                channel.deadline(frame.duration(Frame.Tag.READY_TIMEOUT)
                        .plus(RELAY_TIMEOUT)
                        .plus(timeout));
            }
            while (frame.type() == Frame.Type.STEP) {
                steps.accept(OutcomeFrames.step(frame));
                frame = next(channel);
            }
            return OutcomeFrames.restart(expect(Frame.Type.OUTCOME, frame));
        });
    }

    /** Goes back to the generation before, as {@link Baton#undo()}; waits 10 s longer than for other answers. */
    public UndoResult undo() throws ControlException {
        return ask(Frame.Type.ASK_UNDO, channel -> {
            channel.deadline(RELAY_TIMEOUT.plus(timeout));
            return OutcomeFrames.undo(expect(Frame.Type.OUTCOME, next(channel)));
        });
    }

    /** Begins to stop the service gracefully, as SIGTERM does; does not wait for its end. */
    public StopResult stop() throws ControlException {
        return ask(Frame.Type.ASK_STOP, channel -> {
            channel.deadline(timeout);
            return OutcomeFrames.stop(expect(Frame.Type.OUTCOME, next(channel)));
        });
    }

    private interface Answer<T> {
        T read(FrameChannel channel) throws IOException;
    }

    private <T> T ask(Frame.Type request, Answer<T> answer) throws ControlException {
        try (FrameChannel channel = connect()) {
            if (channel.peer().uid() != ProcessContext.effectiveUserId()) {
                throw new ControlException(
                        Problem.NO_PERMISSION,
                        whom() + " belongs to user " + channel.peer().uid() + "; ask as that user");
            }
            channel.send(Frame.of(request)
                    .with(Frame.Tag.MIN_VERSION, Protocol.MIN_CONTROL_VERSION)
                    .with(Frame.Tag.MAX_VERSION, Protocol.MAX_CONTROL_VERSION)
                    .with(Frame.Tag.RELEASE, Protocol.release()));
            return answer.read(channel);
        } catch (ControlException e) {
            throw e;
        } catch (SilenceException e) {
            throw new ControlException(Problem.NO_ANSWER, whom() + " does not answer; it may be frozen", e);
        } catch (ProtocolException e) {
            throw new ControlException(Problem.NOT_UNDERSTOOD, whom() + " is not understood: " + e.getMessage(), e);
        } catch (IOException e) {
            throw new ControlException(Problem.HUNG_UP, whom() + " hung up: " + e.getMessage(), e);
        }
    }

    private FrameChannel connect() throws ControlException {
        try {
            return FrameChannel.connect(socket, timeout);
        } catch (IllegalArgumentException e) {
            throw new ControlException(Problem.NO_SOCKET, String.valueOf(e.getMessage()), e);
        } catch (PosixException e) {
            throw switch (e.errno()) {
                case ENOENT -> nobody(e);
                case ECONNREFUSED ->
                    new ControlException(
                            Problem.DEAD_SOCKET, "nobody listens at " + socket + ": its process is dead", e);
                case EACCES, EPERM ->
                    new ControlException(
                            Problem.NO_PERMISSION, "no permission for " + socket + "; is it another user's?", e);
                case EAGAIN ->
                    new ControlException(Problem.NO_ANSWER, whom() + " does not answer; it may be frozen", e);
                case EPROTOTYPE ->
                    new ControlException(Problem.NOT_UNDERSTOOD, socket + " is not a control socket of Baton", e);
                default -> new ControlException(Problem.NO_SOCKET, socket + ": " + e.getMessage(), e);
            };
        }
    }

    private ControlException nobody(PosixException cause) {
        OptionalLong pid = pid();
        if (pid.isPresent() && Files.notExists(Path.of("/proc/" + pid.getAsLong()))) {
            return new ControlException(Problem.NO_SUCH_PROCESS, "there is no process " + pid.getAsLong(), cause);
        }
        return new ControlException(
                Problem.NO_SOCKET,
                "no control socket at " + socket + ": not a service of Baton, or one with another run-dir",
                cause);
    }

    private Frame next(FrameChannel channel) throws IOException {
        Frame frame = channel.receive();
        if (frame == null) {
            throw new ControlException(Problem.HUNG_UP, whom() + " hung up before it had answered");
        }
        return switch (frame.type()) {
            case BUSY -> throw new ControlException(Problem.NO_ANSWER, whom() + " is busy and cannot say");
            case REFUSED ->
                throw new ControlException(
                        Problem.NOT_UNDERSTOOD, whom() + " refuses: " + frame.text(Frame.Tag.REASON));
            case OTHER_VERSION ->
                throw new ControlException(
                        Problem.OTHER_VERSION,
                        whom() + " runs release " + frame.text(Frame.Tag.RELEASE) + " of Baton, which speaks versions "
                                + frame.number(Frame.Tag.MIN_VERSION) + " to " + frame.number(Frame.Tag.MAX_VERSION)
                                + " of the requests; this one speaks " + Protocol.MIN_CONTROL_VERSION + " to "
                                + Protocol.MAX_CONTROL_VERSION);
            default -> frame;
        };
    }

    private static Frame expect(Frame.Type type, Frame frame) throws ProtocolException {
        if (frame.type() != type) {
            throw new ProtocolException(type + " expected, " + frame + " came");
        }
        return frame;
    }

    private String whom() {
        return pid().isPresent() ? "process " + pid().getAsLong() : socket.toString();
    }

    @Override
    public String toString() {
        return "BatonControl[" + socket + "]";
    }
}
