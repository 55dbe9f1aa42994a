package dev.baton;

import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Future;
import org.jspecify.annotations.Nullable;

/**
 * What systemd expects of the service, beyond single words: signs of life from its main process, and patience where
 * something takes its time. On the owner thread.
 *
 * <p><b>The watchdog</b> (WATCHDOG_USEC of sd_watchdog_enabled(3)). The pings are events of the owner, so that one that
 * hangs sends none and systemd restarts the service. The process that systemd takes for the main one sends them: a parent
 * until it names its successor, a successor when it hears that this was done. {@code $WATCHDOG_PID} is the process that
 * systemd has started, so a successor, to which the variables come down, is not compared with it.
 *
 * <p><b>Patience</b> (EXTEND_TIMEOUT_USEC). A restart may take as long as the {@code ready-timeout}, a stop as long as the
 * {@code drain-timeout}, whatever the unit says. It is asked for in short pieces by the owner, for the same reason: one that
 * hangs is not waited for. Systemd suspends the watchdog for as long as a piece.
 */
final class ServiceManager {
    /** How far systemd's patience reaches at most after each word, and how often there is one. */
    private static final Duration PIECE = Duration.ofSeconds(30);

    private static final Duration REPEAT = Duration.ofSeconds(10);

    /** What a restart or a stop may take besides: the limits of its other steps. */
    private static final Duration GRACE = Duration.ofSeconds(15);

    private final Owner owner;
    private final SystemdNotifier systemd;
    private final FileDescriptorStore store;
    private final Duration pingInterval;
    private @Nullable Future<?> ping;
    private @Nullable Future<?> extension;

    /**
     * Reads the variables of systemd.
     *
     * @param successor whether systemd has not started this process itself
     */
    ServiceManager(Owner owner, ListenerTable listeners, Map<String, String> environment, boolean successor) {
        this.owner = owner;
        this.systemd = new SystemdNotifier(environment.get("NOTIFY_SOCKET"));
        this.store = new FileDescriptorStore(systemd, listeners, environment);
        this.pingInterval = systemd.isPresent() ? pingInterval(environment, successor) : Duration.ZERO;
    }

    /** Half of the time after which systemd loses its patience; zero if it wants no pings of this process. */
    private static Duration pingInterval(Map<String, String> environment, boolean successor) {
        String time = environment.getOrDefault("WATCHDOG_USEC", "");
        String process = environment.getOrDefault("WATCHDOG_PID", "");
        if (time.isEmpty()
                || (!successor
                        && !process.isEmpty()
                        && !process.equals(
                                String.valueOf(ProcessHandle.current().pid())))) {
            return Duration.ZERO;
        }
        if (!time.matches("0*[1-9][0-9]{0,14}")) {
            Log.serviceManagerVariableIgnored("WATCHDOG_USEC", time);
            return Duration.ZERO;
        }
        return Duration.ofNanos(Math.max(1, Long.parseLong(time) / 2) * 1_000);
    }

    /** This process serves. */
    void serving(int generation) {
        stopExtending();
        systemd.serving(generation);
        isMain();
    }

    /** The parent has told systemd that this process is the main one. */
    void isMain() {
        if (ping == null && pingInterval.isPositive()) {
            ping();
        }
    }

    private void ping() {
        systemd.watchdog();
        ping = owner.schedule(pingInterval, this::ping);
    }

    /** The parent is the main process again, or the service is about to end: from now on this process is silent. */
    void isNotMain() {
        stopExtending();
        cancel(ping);
        ping = null;
    }

    /** The generation before this one has ended. */
    void alone(int generation) {
        systemd.alone(generation);
    }

    void reloading(int generation, int next, Duration limit) {
        systemd.reloading(generation, next, extendFor(limit));
    }

    void switched(int generation, long pid, int own) {
        isNotMain();
        systemd.switched(generation, pid, own);
    }

    void restartFailed(int generation, String reason) {
        stopExtending();
        systemd.restartFailed(generation, reason);
    }

    /** A reload that waits is over as it begins. */
    void restartRefused(int generation, String reason) {
        systemd.restartRefused(generation, reason);
    }

    /** @param limit zero: for ever; then the unit's TimeoutStopSec is the limit */
    void stopping(int generation, Duration limit) {
        isNotMain();
        Optional<Duration> known = Optional.of(limit).filter(Duration::isPositive);
        systemd.stopping(generation, known, known.map(this::extendFor));
    }

    /** The listeners of this generation are the service's. */
    void storeListeners() {
        store.update();
    }

    /** Begins to ask for patience; the first piece is for the caller to ask for. */
    private Duration extendFor(Duration limit) {
        long until = System.nanoTime() + limit.plus(GRACE).toNanos();
        extension = systemd.isPresent() ? owner.schedule(REPEAT, () -> extend(until)) : null;
        return piece(until);
    }

    private void extend(long until) {
        Duration piece = piece(until);
        if (piece.isPositive()) {
            systemd.extend(piece);
            extension = owner.schedule(REPEAT, () -> extend(until));
        }
    }

    private static Duration piece(long until) {
        Duration left = Duration.ofNanos(until - System.nanoTime());
        return left.compareTo(PIECE) < 0 ? left : PIECE;
    }

    private void stopExtending() {
        cancel(extension);
        extension = null;
    }

    private static void cancel(@Nullable Future<?> timer) {
        if (timer != null) {
            timer.cancel(false);
        }
    }
}
