package dev.baton;

import dev.baton.posix.Descriptors;
import dev.baton.posix.Messages;
import dev.baton.posix.Pipe;
import dev.baton.posix.PosixException;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.stream.IntStream;

/**
 * This process's standard error, and the pipes of its successors that lead to it.
 *
 * <pre>
 *   until it accepts    successor, its helpers --> pipe --> the parent's pump --> standard error
 *   from then on        successor ------------------------------------------------> standard error
 *                       helpers that were started before --> pipe --> a pump -----> standard error
 * </pre>
 *
 * <p>A successor starts with a pipe for its standard error, so that the parent can say what it said last if it fails. The
 * parent passes the real one, and its ends of all pipes that are open, with the listeners. Before ACCEPTING the successor puts
 * the real one in the place of the pipe ({@link #restore}). What it has started before still writes into the pipe: the parent
 * pumps as long as it lives, and then the successor ({@link #takeOver}), for as long as anybody writes, and so on from
 * generation to generation. A successor that loses its parent does both at once. One that gives a frozen parent up only
 * restores: it is about to end, perhaps while a pump of its own has bytes in hand, and the parent that wakes reads the rest.
 * docs/adr/0006 has the reasons, and what is worse than without a pipe.
 */
final class StandardError {
    private static final int STDOUT = 1;
    private static final int STDERR = 2;
    private static final int BUFFER_BYTES = 64 * 1024;
    private static final int MOST_BYTES = 1024 * 1024;

    /** Pumped by this process. */
    private final List<ErrorPump> pumps = new ArrayList<>(); // guarded by this

    /** Ends of pipes that the parent pumps as long as it lives; owned. */
    private final List<Integer> inherited = new ArrayList<>(); // guarded by this

    /** The real standard error until {@link #restore}; owned. */
    private OptionalInt real = OptionalInt.empty(); // guarded by this

    /** A child, and the pump of its standard error; none if this process has none to forward to. */
    record Child(Process process, Optional<ErrorPump> errors) {}

    /** Starts a process whose standard error comes through a pipe; its other streams are this process's. */
    Child start(ProcessBuilder builder) throws IOException {
        StandardStreams.passTo(builder);
        if (!Descriptors.isWritable(STDERR)) {
            return new Child(builder.start(), Optional.empty());
        }
        Pipe pipe = Pipe.open();
        try {
            // Before the process: if there is no thread to be had, there must be no process that nobody knows.
            ErrorPump pump = pump(pipe.reader());
            Process process =
                    builder.redirectError(new File(file(pipe.writer()))).start();
            return new Child(process, Optional.of(pump));
        } finally {
            Descriptors.close(pipe.writer()); // If no process was started, the pump sees the end, and ends.
        }
    }

    private synchronized ErrorPump pump(int reader) throws PosixException {
        ErrorPump[] pump = new ErrorPump[1];
        pump[0] = new ErrorPump(reader, () -> ended(pump[0]));
        boolean begun = false;
        try {
            pump[0].begin();
            begun = true;
        } finally {
            if (!begun) {
                Descriptors.close(reader);
            }
        }
        pumps.add(pump[0]);
        return pump[0];
    }

    private synchronized void ended(ErrorPump pump) {
        pumps.remove(pump);
    }

    /** Passes the standard error and all pipes on to a successor that was started with one. */
    void sendTo(FrameChannel channel) throws IOException {
        List<Integer> copies = new ArrayList<>();
        try {
            addPipes(copies);
            if (!copies.isEmpty()) {
                IntStream pipes = copies.stream().mapToInt(Integer::intValue).limit(Messages.MAX_DESCRIPTORS - 1);
                channel.send(
                        Frame.of(Frame.Type.STANDARD_ERROR),
                        IntStream.concat(IntStream.of(STDERR), pipes).toArray());
            }
        } finally {
            for (int copy : copies) {
                Descriptors.close(copy);
            }
        }
    }

    private synchronized void addPipes(List<Integer> copies) throws PosixException {
        for (ErrorPump pump : pumps) {
            pump.duplicate().ifPresent(copies::add);
        }
        for (int pipe : inherited) {
            copies.add(Descriptors.duplicate(pipe));
        }
    }

    /** Takes what a parent sends by {@link #sendTo}. */
    synchronized void adopt(int[] descriptors) {
        for (int descriptor : descriptors) {
            if (real.isEmpty()) {
                real = OptionalInt.of(descriptor);
            } else {
                inherited.add(descriptor);
            }
        }
    }

    /**
     * From here on, what this process says does not depend on its parent. What it has said before comes first: with a
     * parent that pumps there is nothing left, and one that is frozen or dead may have left a pipe full.
     */
    synchronized void restore() {
        if (real.isEmpty()) {
            return;
        }
        try {
            OptionalInt pipe = pipeOf(STDERR);
            if (pipe.isPresent()) {
                empty(pipe.getAsInt(), real.getAsInt());
                Descriptors.replace(STDERR, real.getAsInt());
                empty(pipe.getAsInt(), STDERR); // What came in between, and from a thread that waited for room.
            }
            Descriptors.close(real.getAsInt());
        } catch (IOException e) {
            Log.standardErrorLost(e);
        }
        real = OptionalInt.empty();
    }

    /** Until there is nothing at this moment, or somebody writes so much that order is not worth the wait. */
    private static void empty(int pipe, int target) throws PosixException {
        byte[] buffer = new byte[BUFFER_BYTES];
        WholeLines lines = new WholeLines(target);
        for (int read = 0; read < MOST_BYTES; ) {
            int count = Pipe.read(pipe, buffer);
            if (count <= 0) {
                break;
            }
            lines.write(buffer, count);
            read += count;
        }
        lines.flush();
    }

    /** The other end, if it is one of ours; if not, the program has put something else in its place, which stays. */
    private OptionalInt pipeOf(int descriptor) throws IOException {
        Path target = target(descriptor);
        for (int pipe : inherited) {
            if (target(pipe).equals(target)) {
                return OptionalInt.of(pipe);
            }
        }
        return OptionalInt.empty();
    }

    /** The parent pumps no more: that is for this process to do. */
    synchronized void takeOver() {
        restore();
        try {
            while (!inherited.isEmpty()) {
                pump(inherited.removeFirst());
            }
        } catch (PosixException e) {
            Log.standardErrorLost(e);
        }
    }

    /** The handoff was a failure, and this process ends: gives up what came with it. */
    synchronized void abandon() {
        try {
            if (real.isPresent()) {
                Descriptors.close(real.getAsInt());
            }
            for (int pipe : inherited) {
                Descriptors.close(pipe);
            }
        } catch (PosixException e) {
            Log.standardErrorLost(e);
        }
        real = OptionalInt.empty();
        inherited.clear();
    }

    /** This process ends, and its successor pumps from now on. */
    synchronized void handOn() {
        pumps.forEach(ErrorPump::handOn);
    }

    /**
     * The parent has died before it could pass its standard error on. Then nobody reads the pipe, and a helper that writes
     * into it would be killed by SIGPIPE: standard output, which leads to the same log in most installations, takes its
     * place.
     */
    static void replaceIfBroken() {
        try {
            if (Descriptors.isWritable(STDERR) && Pipe.isBroken(STDERR)) {
                Descriptors.replace(STDERR, STDOUT);
                Log.standardErrorReplaced();
            }
        } catch (PosixException e) {
            Log.standardErrorLost(e);
        }
    }

    private static Path target(int descriptor) throws IOException {
        return Files.readSymbolicLink(Path.of(file(descriptor)));
    }

    private static String file(int descriptor) {
        return "/proc/self/fd/" + descriptor;
    }
}
