package dev.baton.cli;

import dev.baton.BatonControl;
import dev.baton.ControlException;
import dev.baton.GenerationStatus;
import dev.baton.State;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.stream.Collectors;

/**
 * The generations of a run directory, as they are at one moment.
 *
 * @param directory the run directory
 * @param answered what those said that answered, by pid
 * @param silent those that did not answer in time, or say that they cannot, by pid
 */
record Services(Path directory, List<Answered> answered, List<Silent> silent) {
    /** How long one that is frozen keeps all others waiting. */
    private static final Duration PATIENCE = Duration.ofSeconds(2);

    /** What came of a question. */
    sealed interface Heard {}

    /** One that says how it is. */
    record Answered(BatonControl control, GenerationStatus status) implements Heard {
        /** Its name and process, for messages. */
        String title() {
            return status.name() + " (pid " + status.pid() + ")";
        }

        /** Its number and process, for messages. */
        String generation() {
            return generation(status.generation(), status.pid());
        }

        /** Any generation's. */
        static String generation(int number, long pid) {
            return "generation " + number + " (pid " + pid + ")";
        }

        private boolean isIn(State... states) {
            return List.of(states).contains(status.state());
        }
    }

    /** One that does not. */
    record Silent(long pid, String reason) implements Heard {}

    /** Asks all at the same time. */
    static Services in(Path directory) throws CannotRunException, InterruptedException {
        List<BatonControl> controls;
        try {
            controls = BatonControl.list(directory);
        } catch (IOException e) {
            throw new CannotRunException(ExitStatus.NO_ANSWER, String.valueOf(e.getMessage()));
        }
        List<Callable<Optional<Heard>>> questions = controls.stream()
                .<Callable<Optional<Heard>>>map(control -> () -> hear(control))
                .toList();
        List<Heard> heard;
        try (ExecutorService threads =
                Executors.newThreadPerTaskExecutor(Thread.ofPlatform().daemon().factory())) {
            heard = threads.invokeAll(questions).stream()
                    .flatMap(answer -> answer.resultNow().stream())
                    .toList();
        }
        return new Services(directory, of(Answered.class, heard), of(Silent.class, heard));
    }

    private static <T extends Heard> List<T> of(Class<T> kind, List<Heard> heard) {
        return heard.stream().filter(kind::isInstance).map(kind::cast).toList();
    }

    /** Empty if it has ended since its socket was seen: then it is no service. */
    private static Optional<Heard> hear(BatonControl control) {
        try {
            return Optional.of(
                    new Answered(control, control.withTimeout(PATIENCE).status()));
        } catch (ControlException e) {
            return hasEnded(e)
                    ? Optional.empty()
                    : Optional.of(new Silent(control.pid().orElse(0), String.valueOf(e.getMessage())));
        }
    }

    /** Whether a generation that was there a moment ago could not be asked because it has ended. */
    static boolean hasEnded(ControlException failure) {
        return switch (failure.problem()) {
            case NO_SUCH_PROCESS, NO_SOCKET, DEAD_SOCKET, HUNG_UP -> true;
            default -> false;
        };
    }

    /**
     * The generation that an operator means: the process of this pid, else the one that serves under this name, else the
     * only service that there is.
     *
     * @throws ControlException if it is a pid, and that one cannot be asked
     * @throws CannotRunException if there is none, or more than one
     */
    static Answered choose(Path directory, Optional<String> wanted)
            throws CannotRunException, ControlException, InterruptedException {
        Optional<Long> pid = wanted.filter(text -> text.matches("\\d{1,9}")).map(Long::parseLong);
        if (pid.isPresent()) {
            BatonControl control = BatonControl.of(pid.get(), directory);
            return new Answered(control, control.status());
        }
        return in(directory).choose(wanted);
    }

    Answered choose(Optional<String> name) throws CannotRunException {
        List<Answered> called = answered.stream()
                .filter(each -> name.isEmpty() || each.status().name().equals(name.get()))
                .toList();
        List<Answered> serving = withoutSucceeded(called.stream()
                .filter(each -> each.isIn(State.SERVING, State.UPGRADING))
                .toList());
        List<Answered> found = !serving.isEmpty()
                ? serving
                : called.stream()
                        .filter(each -> each.isIn(State.STARTING, State.STOPPING))
                        .toList();
        if (found.size() == 1) {
            return found.getFirst();
        }
        if (!found.isEmpty()) {
            throw new CannotRunException(ExitStatus.NO_SERVICE, several(name, found));
        }
        // One that cannot be asked may be the one that is meant.
        throw new CannotRunException(silent.isEmpty() ? ExitStatus.NO_SERVICE : ExitStatus.NO_ANSWER, none(name));
    }

    /** In the moment of the switch two generations of one service accept: then the younger one is meant. */
    private static List<Answered> withoutSucceeded(List<Answered> serving) {
        return serving.stream()
                .filter(each -> serving.stream().noneMatch(other -> descends(other, each)))
                .toList();
    }

    private static boolean descends(Answered younger, Answered elder) {
        return ProcessHandle.of(younger.status().pid()).flatMap(ProcessHandle::parent).stream()
                .anyMatch(parent -> parent.pid() == elder.status().pid());
    }

    private String none(Optional<String> name) {
        String what = name.map(text -> "no service that is called " + text).orElse("no service");
        String others = answered.isEmpty()
                ? ""
                : "; there are "
                        + answered.stream().map(Answered::title).distinct().collect(Collectors.joining(", "));
        String unknown = silent.stream().map(each -> "; " + each.reason()).collect(Collectors.joining());
        return "there is " + what + " in " + directory + others + unknown;
    }

    private static String several(Optional<String> name, List<Answered> found) {
        return "there are several services"
                + name.map(text -> " that are called " + text).orElse("") + ": "
                + found.stream().map(Answered::title).collect(Collectors.joining(", ")) + "; say which, by its "
                + (name.isPresent() ? "pid" : "name or pid");
    }
}
