package dev.baton;

import java.io.IOException;
import java.util.Optional;

/** Which process the outside world takes for the service: the pid file and systemd, always in this order. */
final class Publication {
    private final BatonOptions options;
    private final PidFile pidFile;
    private final ServiceManager systemd;

    Publication(BatonOptions options, ServiceManager systemd) {
        this.options = options;
        this.pidFile = new PidFile(options.pidFile());
        this.systemd = systemd;
    }

    void check(Optional<Long> parent) throws IOException {
        pidFile.check(parent);
    }

    /** This process serves. */
    void serving(int generation) {
        write(ProcessHandle.current().pid());
        systemd.serving(generation);
        Log.step("published");
    }

    /** The parent has published this process, and has parked. */
    void published() {
        systemd.isMain();
    }

    /** The generation before this one, which serves, has ended. */
    void alone(int generation) {
        systemd.alone(generation);
    }

    /** The successor serves. */
    void switched(int generation, long pid, int own) {
        write(pid);
        systemd.switched(generation, pid, own);
        Log.step("published the successor");
    }

    void restarting(int generation, int next) {
        systemd.reloading(generation, next, options.readyTimeout());
    }

    void restartFailed(int generation, String reason) {
        systemd.restartFailed(generation, reason);
    }

    /** A restart was asked for and does not begin; none is under way. */
    void restartRefused(int generation, String reason) {
        systemd.restartRefused(generation, reason);
    }

    /** Another process has published itself, or is about to; this one ends, and has nothing more to say of the service. */
    void undone() {
        systemd.isNotMain();
    }

    void stopping(int generation) {
        systemd.stopping(generation, options.drainTimeout());
    }

    /** This generation serves for good: whoever keeps copies of listeners is to have those that it has. */
    void storeListeners() {
        systemd.storeListeners();
    }

    /** The service has ended. */
    void withdraw() {
        pidFile.remove();
    }

    private void write(long pid) {
        try {
            pidFile.write(pid);
        } catch (IOException e) {
            Log.pidFileNotWritten(e);
        }
    }
}
