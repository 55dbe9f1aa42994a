package dev.baton.run;

import dev.baton.posix.Children;
import dev.baton.posix.Descriptors;
import dev.baton.posix.Errno;
import dev.baton.posix.Messages;
import dev.baton.posix.PosixException;
import java.io.IOException;
import java.time.Duration;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.IntPredicate;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * Keeps a service alive: starts the program, follows its main process from generation to generation, and starts it again with
 * the same sockets when it dies.
 *
 * <pre>
 *               READY                    died                       5 s over, or nobody left
 *   STARTING ----------> SERVING -------------------> ORPHANED ---------------------------.
 *      |                  ^  ^ |                          |                                v
 *      |                  |  | |      MAINPID, READY      |    pause over                PAUSING
 *      |                  |  | '---- of an older one -----'  RESTARTING <-----------------'  ^
 *      |                  |  '--------------------------------   |  |                        |
 *      |                  '---------------- READY ---------------'  '------- died -----------'
 *      | ended                     (and SERVING to PAUSING, if there is no other generation)
 *      v
 *   STOPPING <---- from each: TERM, INT, or an end of the main process that is no crash
 *      | all generations have ended
 *      v
 *    ENDED
 * </pre>
 *
 * <p>One thread does everything, and waits in one place, poll(2). That settles two races. <b>A signal versus the end of the
 * process</b>: the kernel gives a pid away only when its process was reaped, and what this thread has not reaped it can signal
 * (of other generations' children there is a descriptor, {@link Generations}). <b>The last word of a process versus its end</b>:
 * what a process has sent is in our queue when it ends, so the queue is emptied between the moment at which an end is seen and
 * that at which the process is reaped, {@link #reap}; so a generation that says {@code MAINPID=} of its successor and exits is
 * never taken for a crash, and a sender that has ended is still there to be asked for its parent.
 */
final class Supervisor {
    /** An older generation that can come back does so at once; it is not waited for any longer. */
    private static final Duration RETURN = Duration.ofSeconds(5);

    /** A generation that dies while its successor starts leaves it the service; this is the time that it may take. */
    private static final Duration SUCCESSION = Duration.ofSeconds(60);

    private static final long NEVER = Long.MAX_VALUE;

    private final RunOptions options;
    private final Program program;
    private final Signals signals;
    private final NotifySocket notifications;
    private final NotifySocket.Manager manager;
    private final DescriptorStore store;
    private final Published published;
    private final Generations generations = new Generations();
    private final Backoff backoff = new Backoff();

    private State state = State.STARTING;
    private boolean served;
    private boolean reloading;
    private boolean leaving;
    private boolean killing;

    /** The signal by which the service was asked to stop; an end of its own accord has none. */
    private OptionalInt asked = OptionalInt.empty();

    private long servingSince;
    private long deadline = NEVER;
    private OptionalInt status = OptionalInt.empty();

    Supervisor(
            RunOptions options,
            Program program,
            Signals signals,
            NotifySocket notifications,
            NotifySocket.Manager manager,
            DescriptorStore store,
            Published published) {
        this.options = options;
        this.program = program;
        this.signals = signals;
        this.notifications = notifications;
        this.manager = manager;
        this.store = store;
        this.published = published;
    }

    /** Supervises until the service has ended; returns its status, or that of env(1) if it cannot be started. */
    int run() throws IOException {
        try {
            start();
        } catch (PosixException e) {
            boolean missing = e.errno() == Errno.ENOENT;
            Log.say("cannot run " + program.starter(store) + ": " + e.getMessage()
                    + (missing ? "; is it installed, and in PATH?" : "; is it a program that this user may execute?"));
            return missing ? Main.NOT_FOUND : Main.NOT_EXECUTABLE;
        }
        while (state != State.ENDED) {
            await();
            hear(); // So that a signal that came after a generation was named finds it.
            for (int signal : signals.take()) {
                onSignal(signal);
            }
            hear();
            reap();
            lookForOthersChildren();
            if (deadline != NEVER && System.nanoTime() - deadline >= 0) {
                deadline = NEVER;
                onDeadline();
            }
        }
        return status.orElse(0);
    }

    private void await() throws PosixException {
        int[] watched = IntStream.concat(
                        IntStream.of(signals.descriptor(), notifications.descriptor()),
                        generations.descriptors().stream().mapToInt(Integer::intValue))
                .toArray();
        var _ = Descriptors.awaitReadable(watched, patience());
    }

    /** In milliseconds, rounded up, so that a deadline is over when poll(2) returns. */
    private int patience() {
        if (deadline == NEVER) {
            return -1;
        }
        long left = Math.max(0, deadline - System.nanoTime());
        return (int) Math.min(Integer.MAX_VALUE, (left + 999_999) / 1_000_000);
    }

    private void deadlineIn(Duration time) {
        deadline = System.nanoTime() + time.toNanos();
    }

    private void start() throws PosixException {
        int pid = program.start(store);
        leaving = false;
        reloading = false;
        // A child that has ended is there until it is reaped.
        generations.lead(pid);
        published.started(pid);
    }

    // Signals.

    private void onSignal(int signal) throws IOException {
        switch (signal) {
            case Signals.CHLD -> {
                // Looked for in every turn.
            }
            case Signals.HUP -> restart();
            case Signals.TERM, Signals.INT -> stop(signal);
            default -> generations.signalMain(signal);
        }
    }

    /** A JVM with the agent that has not come far enough would be ended by the signal. */
    private void restart() throws PosixException {
        if (state == State.SERVING || !options.agent()) {
            generations.signalMain(Signals.HUP);
        } else {
            Log.say("SIGHUP restarts a service that serves, and this one does not yet; nothing was done");
        }
    }

    private void stop(int signal) throws IOException {
        if (asked.isPresent()) {
            kill("a second signal");
            return;
        }
        Log.say("stopping; a second signal kills what is left");
        asked = OptionalInt.of(signal);
        generations.signalAll(signal);
        if (state == State.ORPHANED && reloading) {
            // A successor on its way is no generation yet, and has no parent to end it.
            if (generations.isEmpty()) {
                kill("stopped while a successor starts");
            } else {
                killDescendants(generations::contains);
            }
        }
        if (state != State.STOPPING) {
            finish();
        }
    }

    /** Waits for what still runs, and starts nothing any more. Who connects now is to go elsewhere, not to wait. */
    private void finish() throws PosixException {
        state = State.STOPPING;
        published.notServing();
        store.clear();
        deadline = NEVER;
        if (!options.stopTimeout().isZero()) {
            deadlineIn(options.stopTimeout());
        }
        endIfNobodyIsLeft();
    }

    private void kill(String why) throws IOException {
        Log.say(why + ": killing what is left of the service");
        killing = true;
        killDescendants(_ -> false);
    }

    /** All but the spared ones and what descends from those. */
    private void killDescendants(IntPredicate spared) throws IOException {
        for (int pid : ProcessTree.descendants(spared)) {
            Optional<Integer> opened = Children.open(pid);
            if (opened.isPresent()) {
                // It is still the one that was found, or the pid is another descendant's by now, which is to die too.
                if (ProcessTree.isDescendant(pid)) {
                    Children.signal(opened.get(), Signals.KILL);
                }
                Descriptors.close(opened.get());
            }
        }
    }

    // Notifications.

    private void hear() throws IOException {
        for (Optional<Messages.Signed> next = notifications.next(); next.isPresent(); next = notifications.next()) {
            Messages.Signed signed = next.get();
            int sender = signed.sender().pid();
            if (generations.contains(sender) || ProcessTree.isDescendant(sender)) {
                onNotification(
                        sender,
                        Notification.of(signed.message().payload()),
                        signed.message().descriptors());
            } else {
                close(signed.message().descriptors());
            }
        }
    }

    private static void close(int... descriptors) throws PosixException {
        for (int descriptor : descriptors) {
            Descriptors.close(descriptor);
        }
    }

    private void onNotification(int sender, Notification said, int... descriptors) throws IOException {
        keep(said, descriptors);
        boolean wasMain = generations.isMain(sender);
        Optional<Integer> main = said.mainPid()
                .filter(pid -> !generations.isMain(pid))
                .filter(pid -> generations.contains(pid) || ProcessTree.isDescendant(pid));
        boolean known = main.filter(generations::contains).isPresent();
        if (main.isPresent() && generations.lead(main.get())) {
            published.changed(main.get());
            leaving = false;
            reloading = false;
            if (asked.isPresent() && !known) {
                // Its parent was asked to stop when it had given the service away, and does not pass that on.
                generations.signalMain(asked.getAsInt());
            }
        }
        if (said.says("READY") && generations.main().isPresent()) {
            ready();
        }
        if (!wasMain && !generations.isMain(sender)) {
            return;
        }
        if (said.says("RELOADING")) {
            reloading = true;
        }
        if (said.says("STOPPING")) {
            leaving = true;
            published.notServing();
        }
        manager.say(said.forwarded());
    }

    private void keep(Notification said, int... descriptors) throws IOException {
        String name = said.value("FDNAME").orElse("");
        if (said.says("FDSTORE") && state != State.STOPPING) {
            store.add(name, descriptors);
        } else {
            close(descriptors);
        }
        if (said.says("FDSTOREREMOVE")) {
            store.remove(name);
        }
    }

    private void ready() {
        reloading = false;
        if (state == State.STOPPING) {
            return;
        }
        if (state != State.SERVING) {
            if (served) {
                Log.say("the service serves again (pid " + generations.main().orElseThrow() + ")");
            }
            state = State.SERVING;
            servingSince = System.nanoTime();
            deadline = NEVER;
        }
        served = true;
        published.serving();
    }

    // Ends of processes.

    private void reap() throws IOException {
        while (Children.look() instanceof Children.Look.Ended ended) {
            hear();
            int how = Children.reap(ended.pid());
            if (generations.contains(ended.pid())) {
                onEnd(ended.pid(), OptionalInt.of(how));
            }
        }
        if (killing) {
            killDescendants(_ -> false);
        }
        endIfNobodyIsLeft();
    }

    /** A generation whose parent runs is reaped by that: we see that it has ended, and not how. */
    private void lookForOthersChildren() throws IOException {
        for (int pid : generations.pids()) {
            int[] descriptor = {generations.descriptor(pid)};
            if (Descriptors.awaitReadable(descriptor, 0)[0]) {
                hear();
                if (Children.look() instanceof Children.Look.Ended) {
                    return; // Perhaps it is our child; the next turn reaps it.
                }
                onEnd(pid, OptionalInt.empty());
            }
        }
    }

    private void onEnd(int pid, OptionalInt how) throws PosixException {
        boolean wasMain = generations.isMain(pid);
        generations.remove(pid);
        if (wasMain) {
            status = how;
            onEndOfMain(pid);
        } else if (status.isEmpty()) {
            // Its child was the main process, whose status it knows, and a launcher passes that on.
            status = how;
            if (state == State.ORPHANED && generations.isEmpty()) {
                decide();
            }
        } else if (state == State.ORPHANED && generations.isEmpty() && !reloading) {
            pause();
        }
        endIfNobodyIsLeft();
    }

    private void onEndOfMain(int pid) throws PosixException {
        published.notServing();
        if (state == State.STOPPING) {
            return;
        }
        if (status.isPresent() || leaving) {
            Log.say("the main process (pid " + pid + ") has ended with status "
                    + (status.isPresent() ? status.getAsInt() : "unknown"));
            decide();
        } else {
            Log.say("the main process (pid " + pid + ") has ended");
            orphaned(reloading ? SUCCESSION : RETURN);
        }
    }

    /** What becomes of a service whose main process has ended, in a way that is known. */
    private void decide() throws PosixException {
        if (!served || (leaving && status.isEmpty()) || isNoCrash(status)) {
            finish();
        } else if (reloading) {
            orphaned(SUCCESSION);
        } else if (generations.isEmpty()) {
            pause();
        } else {
            orphaned(RETURN);
        }
    }

    private void orphaned(Duration time) {
        state = State.ORPHANED;
        deadlineIn(time);
    }

    /**
     * As systemd's {@code Restart=on-failure} has it: status 0, or an end by HUP, INT or TERM, of which a JVM makes an exit
     * status.
     */
    static boolean isNoCrash(OptionalInt status) {
        return status.isPresent()
                && Stream.of(0, 128 + Signals.HUP, 128 + Signals.INT, 128 + Signals.TERM)
                        .anyMatch(clean -> clean == status.getAsInt());
    }

    private void pause() {
        Duration pause =
                backoff.after(servingSince == 0 ? Duration.ZERO : Duration.ofNanos(System.nanoTime() - servingSince));
        servingSince = 0;
        state = State.PAUSING;
        Log.say("starting the program again in " + pause.toMillis() + " ms; connections wait");
        deadlineIn(pause);
    }

    private void endIfNobodyIsLeft() throws PosixException {
        if (state != State.STOPPING) {
            if (state == State.ORPHANED && reloading && Children.look() instanceof Children.Look.None) {
                pause();
            }
        } else if (generations.isEmpty() && (!killing || Children.look() instanceof Children.Look.None)) {
            state = State.ENDED;
        }
    }

    private void onDeadline() throws IOException {
        switch (state) {
            case ORPHANED -> pause();
            case PAUSING -> startAgain();
            case STOPPING ->
                kill("the service has not ended within " + options.stopTimeout().toSeconds() + " s");
            case STARTING, SERVING, RESTARTING, ENDED -> throw new IllegalStateException("a deadline in " + state);
        }
    }

    private void startAgain() {
        state = State.RESTARTING;
        published.restarted();
        try {
            start();
        } catch (PosixException e) {
            Log.say("cannot run " + program.starter(store) + ": " + e.getMessage());
            pause();
        }
    }
}
