package dev.baton;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/**
 * The older generations that may still drain, as one hands the list to the next. On the owner thread.
 *
 * <p>Nobody tells the serving generation when one of them ends: the link to it belonged to a generation that may have
 * ended first. So each is looked up in /proc when it matters, by its pid and its start time, which together name a
 * process once and for all (proc_pid_stat(5), field 22).
 */
final class Predecessors {

    /**
     * One older generation.
     *
     * @param drainsSince when it parked, as {@link System#nanoTime()}: that is CLOCK_MONOTONIC, which all processes share
     * @param controlSocket where it can be asked to leave
     */
    record Predecessor(int generation, ProcessIdentity process, long drainsSince, Path controlSocket) {

        /** A process that parks at this moment; empty if it has ended. */
        static Optional<Predecessor> parking(int generation, long pid, Path controlSocket) {
            return ProcessIdentity.of(pid)
                    .map(process -> new Predecessor(generation, process, System.nanoTime(), controlSocket));
        }

        long pid() {
            return process.pid();
        }

        Duration drainsFor() {
            return Duration.ofNanos(System.nanoTime() - drainsSince);
        }

        boolean isAlive() {
            return process.isAlive();
        }

        String encode() {
            return generation + " " + pid() + " " + process.startTicks() + " " + drainsSince + " " + controlSocket;
        }

        static Predecessor decode(String text) throws ProtocolException {
            String[] words = text.split(" ", 5);
            try {
                return new Predecessor(
                        Integer.parseInt(words[0]),
                        new ProcessIdentity(Long.parseLong(words[1]), Long.parseLong(words[2])),
                        Long.parseLong(words[3]),
                        Path.of(words[4]));
            } catch (IllegalArgumentException | ArrayIndexOutOfBoundsException e) {
                throw new ProtocolException("PREDECESSOR cannot be read: " + text);
            }
        }
    }

    private final List<Predecessor> members = new ArrayList<>();

    static Predecessors none() {
        return new Predecessors();
    }

    /** What a parent hands. */
    static Predecessors decode(List<String> texts) throws ProtocolException {
        Predecessors predecessors = new Predecessors();
        for (String text : texts) {
            predecessors.members.add(Predecessor.decode(text));
        }
        return predecessors;
    }

    void add(Predecessor predecessor) {
        members.add(predecessor);
    }

    /** Ends the one whose control socket this is, if it has not ended: it does not answer, and must not come back. */
    void kill(Path controlSocket) {
        for (Predecessor member : alive()) {
            if (member.controlSocket().equals(controlSocket)) {
                Log.predecessorKilled(member);
                member.process().kill();
            }
        }
    }

    /** The same, for operators. */
    List<GenerationStatus.Draining> draining() {
        return alive().stream()
                .map(each -> new GenerationStatus.Draining(each.generation(), each.pid(), each.drainsFor()))
                .toList();
    }

    /** Those that have not ended, the longest draining first. */
    List<Predecessor> alive() {
        members.removeIf(each -> !each.isAlive());
        members.sort(Comparator.comparingLong(Predecessor::drainsSince));
        return List.copyOf(members);
    }
}
