package dev.baton;

import static java.lang.System.Logger.Level.DEBUG;
import static java.lang.System.Logger.Level.ERROR;
import static java.lang.System.Logger.Level.INFO;
import static java.lang.System.Logger.Level.WARNING;

import dev.baton.posix.PosixException;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * What Baton tells operators: one method for each event, with wording that scripts may rely on from a release to the
 * next.
 */
final class Log {
    private static final System.Logger LOGGER = System.getLogger("dev.baton");

    /** Silent unless it is asked for; {@code docs/handoff-protocol.md} names the steps. */
    private static final System.Logger STEPS = System.getLogger("dev.baton.step");

    private Log() {}

    /** This process has just taken a step of the handoff, and does not take the next before this returns. */
    static void step(String name) {
        STEPS.log(DEBUG, name);
    }

    static void serving(int generation) {
        log(
                INFO,
                "generation {0} (pid {1}) serves",
                generation,
                ProcessHandle.current().pid());
    }

    static void restartRequested(String origin, int next) {
        log(INFO, "restart requested by {0}: generation {1} starts", origin, next);
    }

    static void releaseFile(String warning) {
        log(WARNING, "{0}", warning);
    }

    static void restartRefused(String origin, RestartResult result) {
        String reason = switch (result) {
            case RestartResult.NotServing notServing -> "this generation is " + notServing.state();
            case RestartResult.TooManyGenerations(int generation, long pid, Duration drains) ->
                "max-generations is reached: generation " + generation + " (pid " + pid + ") has been draining for "
                        + Durations.format(drains.truncatedTo(ChronoUnit.SECONDS));
            default -> "one is already in progress";
        };
        log(INFO, "restart requested by {0}: ignored, {1}", origin, reason);
    }

    static void successorConnected(Upgrade upgrade) {
        log(INFO, "{0} has its listeners after {1}", name(upgrade), millis(upgrade.elapsed()));
    }

    static void successorReady(Upgrade upgrade) {
        log(INFO, "{0} is ready after {1}", name(upgrade), millis(upgrade.toReady()));
    }

    static void switched(Upgrade upgrade, Duration toSwitch) {
        log(INFO, "switched to {0} after {1}", name(upgrade), millis(toSwitch));
    }

    static void restartFailed(Upgrade upgrade, int generation, RestartResult.Failed failure) {
        log(
                WARNING,
                "restart failed after {0}: {1} {2}; generation {3} serves on{4}",
                millis(upgrade.elapsed()),
                name(upgrade),
                failure.detail(),
                generation,
                failure.lastLines().isEmpty() ? "" : "; it said last: " + String.join(" | ", failure.lastLines()));
    }

    static void successorDied(Upgrade upgrade, String how) {
        log(WARNING, "{0} {1} while this generation drained", name(upgrade), how);
    }

    static void successorExited(Upgrade upgrade, String how) {
        log(INFO, "{0} {1}", name(upgrade), how);
    }

    static void undoRequested(String origin) {
        log(INFO, "undo requested by {0}: the parent is asked to accept again", origin);
    }

    static void undoing(Upgrade upgrade, String reason) {
        log(WARNING, "{0} {1}: this generation accepts again", name(upgrade), reason);
    }

    static void undone(String reason, long parent) {
        log(WARNING, "the parent (pid {0}) accepts again: this generation {1}, and ends", parent, reason);
    }

    static void healthCheckFailed(Throwable e) {
        LOGGER.log(ERROR, "the health check failed", e);
    }

    static void oldestLeavesEarly(Predecessors.Predecessor oldest) {
        log(
                WARNING,
                "generation {0} (pid {1}), which still drains, is told to leave because max-generations is reached",
                oldest.generation(),
                oldest.pid());
    }

    static void predecessorKilled(Predecessors.Predecessor predecessor) {
        log(
                WARNING,
                "generation {0} (pid {1}) does not answer, could come back when it does, and is killed",
                predecessor.generation(),
                predecessor.pid());
    }

    static void leavesEarly() {
        log(WARNING, "told to leave by the generation that serves: open connections are closed now");
    }

    static void controlRequestFailed(Path socket, IOException e) {
        log(WARNING, "no answer from the control socket {0}: {1}", socket, e.getMessage());
    }

    static void successorNotTold(long pid, IOException e) {
        log(WARNING, "the successor (pid {0}) could not be told: {1}", pid, e.getMessage());
    }

    static void stopping(String origin) {
        log(INFO, "stop requested by {0}: what was begun is finished first", origin);
    }

    static void alreadyEnding(String origin, State state) {
        log(INFO, "stop requested by {0}: this generation is {1} already and ends when it may", origin, state);
    }

    static void ownerHangs(Duration waited) {
        log(ERROR, "the generation did not answer within {0}; exits nevertheless", Durations.format(waited));
    }

    static void exitAtOnce(String origin) {
        log(WARNING, "stop requested again by {0}: ends at once", origin);
    }

    static void controlConnectionDropped(IOException e) {
        log(WARNING, "a connection to the control socket was dropped: {0}", e.getMessage());
    }

    static void retired(int generation, Duration drain, int moved, int cut) {
        log(
                cut == 0 ? INFO : WARNING,
                "generation {0} drained in {1} and ends; connections moved: {2}; requests cut: {3}",
                generation,
                millis(drain),
                moved,
                cut);
    }

    static void connectionsNotMoved(String reason) {
        log(WARNING, "no more connections are moved to the other generation ({0}); the rest is drained", reason);
    }

    static void connectionsNotTaken(IOException reason) {
        log(WARNING, "no more connections are taken from the other generation: {0}", reason.getMessage());
    }

    static void drainDeadline(Duration timeout) {
        log(
                WARNING,
                "connections are still open after the drain-timeout of {0} and are closed now",
                Durations.format(timeout));
    }

    static void programDoesNotEnd(Duration waited, List<String> threads) {
        log(
                WARNING,
                "the program has not ended {0} after its connections were closed, and is ended now; threads that run on: {1}",
                Durations.format(waited),
                threads);
    }

    static void listenersDropped(List<ListenAddress> addresses) {
        log(INFO, "no longer listening on {0}", addresses);
    }

    static void parentLost(long pid) {
        log(
                WARNING,
                "the parent (pid {0}) is gone before the switch; this generation serves as soon as it is ready",
                pid);
    }

    static void parentEnded(long pid) {
        log(INFO, "the parent (pid {0}) has ended", pid);
    }

    static void parentGone(Path socket) {
        log(
                WARNING,
                "this process was told to take over from a parent at {0}, and nobody is there: a plain start",
                socket);
    }

    static void handoffVariablesIgnored(String reason) {
        log(WARNING, "the environment names a parent, but {0}: a plain start", reason);
    }

    static void notAParent(Path socket, String reason) {
        log(WARNING, "the environment names {0} as the parent''s socket, but {1}: a plain start", socket, reason);
    }

    static void parentDied(Path socket) {
        log(
                WARNING,
                "the parent at {0} has died in the middle of the handoff: a plain start, with the listeners that had come",
                socket);
    }

    static void refusedByParent(String reason) {
        log(WARNING, "the process named as parent refuses the handoff ({0}): a plain start", reason);
    }

    static void handoffBroken(String peer, long pid, IOException e) {
        log(WARNING, "the handoff with the {0} (pid {1}) broke: {2}", peer, pid, e.getMessage());
    }

    static void backlogNotSet(IOException e) {
        log(WARNING, "a listener keeps the length of its queue: {0}", e.getMessage());
    }

    static void aotCacheNotUsed(Path cache, String reason) {
        log(WARNING, "the AOT cache {0} is not used: {1}; make it anew with baton train", cache, reason);
    }

    static void trainingNotReported(IOException e) {
        log(ERROR, "the trainer cannot be told that this process serves: {0}", e);
    }

    static void controlSocketFailed(Path path, IOException e) {
        log(WARNING, "the control socket {0} failed: {1}", path, e.getMessage());
    }

    static void staleSocketRemoved(Path socket) {
        log(INFO, "{0} of a dead process was removed", socket);
    }

    static void staleSocketsStay(Path directory, Exception e) {
        log(WARNING, "sockets of dead processes stay in {0}: {1}", directory, e.getMessage());
    }

    static void pathNotRemoved(Path path, IOException e) {
        log(WARNING, "{0} could not be removed: {1}", path, e);
    }

    static void leftoversStay(Path folder, Exception e) {
        log(WARNING, "what killed processes may have left in {0} stays there: {1}", folder, e);
    }

    static void pidFileNotWritten(IOException e) {
        log(ERROR, "the pid file could not be written: {0}", e);
    }

    static void listenerNotClosed(ListenAddress address, IOException e) {
        log(ERROR, "the listener on {0} could not be closed: {1}", address, e.getMessage());
    }

    static void channelNotClosed(IOException e) {
        log(ERROR, "a handoff channel could not be closed: {0}", e.getMessage());
    }

    static void standardErrorLost(IOException e) {
        log(WARNING, "output to standard error may be lost: {0}", e.getMessage());
    }

    static void standardErrorReplaced() {
        log(
                WARNING,
                "standard error led through the parent, which is gone: what would go there goes to standard output");
    }

    static void stateLeftOut(String name, String reason) {
        log(WARNING, "the successor does not get the state ''{0}'': {1}", name, reason);
    }

    static void systemdNotNotified(IOException e) {
        log(WARNING, "systemd could not be notified: {0}", e.getMessage());
    }

    static void passedSocketsIgnored(String reason) {
        log(WARNING, "sockets of systemd are ignored, this is a plain start: {0}", reason);
    }

    static void passedDescriptorIgnored(int descriptor, String name, String reason) {
        log(
                WARNING,
                "descriptor {0}{1}, which systemd has passed, is left alone: {2}",
                descriptor,
                name.isEmpty() ? "" : " (" + name + ")",
                reason);
    }

    static void storedSocketClosed(String name, String reason) {
        log(WARNING, "what systemd''s file descriptor store has as {0} is closed and leaves it: {1}", name, reason);
    }

    static void passedSocketsSpare(List<ListenAddress> addresses) {
        log(
                WARNING,
                "systemd has passed sockets on which the program does not listen: {0}; they are kept for when it does, and"
                        + " whoever connects to them waits",
                addresses);
    }

    static void serviceManagerVariableIgnored(String name, String value) {
        log(WARNING, "{0} is no number and ignored: {1}", name, value);
    }

    static void storeIsFull(int listeners, int room) {
        log(
                WARNING,
                "systemd''s file descriptor store has room for {1} descriptors, and the service has {0} listeners: those"
                        + " beyond do not survive a crash; raise FileDescriptorStoreMax",
                listeners,
                room);
    }

    static void participantFailed(Throwable e) {
        LOGGER.log(ERROR, "a server failed to follow the restart", e);
    }

    static void ownerFailed(Throwable e) {
        LOGGER.log(ERROR, "an event could not be handled; please report this", e);
    }

    static void hupIgnored() {
        log(
                WARNING,
                "SIGHUP was ignored when this process was started (nohup?) and cannot restart it; restart it by the control"
                        + " socket, or start it without nohup");
    }

    static void signalsLeftAlone() {
        log(
                WARNING,
                "the JVM was started with -Xrs: SIGHUP does nothing and SIGTERM ends the process at once; restart and stop"
                        + " it by the control socket, or start it without -Xrs");
    }

    static void hupEndsTheProcess(PosixException reason) {
        log(WARNING, "SIGHUP ends this process: {0}", reason.getMessage());
    }

    /** Numbers go in as text, because MessageFormat would write pid 12345 as 12,345. */
    private static void log(System.Logger.Level level, String format, @Nullable Object... arguments) {
        LOGGER.log(level, format, Stream.of(arguments).map(String::valueOf).toArray());
    }

    private static String name(Upgrade upgrade) {
        long pid = upgrade.pid();
        return "generation " + upgrade.generation() + (pid == 0 ? "" : " (pid " + pid + ")");
    }

    private static String millis(Duration duration) {
        return duration.toMillis() + " ms";
    }
}
