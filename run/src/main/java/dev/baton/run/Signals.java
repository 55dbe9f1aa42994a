package dev.baton.run;

import dev.baton.posix.Descriptors;
import dev.baton.posix.Pipe;
import dev.baton.posix.PosixException;
import dev.baton.posix.ProcessContext;
import java.util.ArrayList;
import java.util.List;
import sun.misc.Signal;

/**
 * The signals of signal(7) that come to the supervisor, as bytes in a pipe (self-pipe): the JVM calls a handler in a thread of
 * its own, and the one that decides waits in poll(2).
 */
final class Signals {
    static final int HUP = 1;
    static final int INT = 2;
    static final int KILL = 9;
    static final int USR1 = 10;
    static final int USR2 = 12;
    static final int TERM = 15;
    static final int CHLD = 17;

    private static final List<String> NAMES = List.of("HUP", "INT", "USR1", "USR2", "TERM", "CHLD");

    private final Pipe pipe;

    private Signals(Pipe pipe) {
        this.pipe = pipe;
    }

    /**
     * From here on none of them ends this process. The JVM leaves alone what was ignored when it was started, and so do its
     * handlers: HUP under nohup(1), which is to restart, and TERM are taken back. INT stays ignored in a shell's background job,
     * because ctrl-C is for others.
     */
    static Signals handle() throws PosixException {
        Signals signals = new Signals(Pipe.open());
        ProcessContext.restoreDefault(HUP);
        ProcessContext.restoreDefault(TERM);
        for (String name : NAMES) {
            Signal.handle(new Signal(name), signal -> signals.came(signal.getNumber()));
        }
        return signals;
    }

    private void came(int number) {
        try {
            Descriptors.write(pipe.writer(), new byte[] {(byte) number}, 1);
        } catch (PosixException e) {
            throw new IllegalStateException("a pipe whose ends are both ours cannot be written", e);
        }
    }

    /** Can be read when a signal has come. */
    int descriptor() {
        return pipe.reader();
    }

    /** Those that have come, in their order. */
    List<Integer> take() throws PosixException {
        List<Integer> taken = new ArrayList<>();
        byte[] buffer = new byte[256];
        int count = Pipe.read(pipe.reader(), buffer);
        for (int i = 0; i < count; i++) {
            taken.add((int) buffer[i]);
        }
        return taken;
    }
}
