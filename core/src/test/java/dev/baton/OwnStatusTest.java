package dev.baton;

import static org.assertj.core.api.Assertions.assertThat;

import dev.baton.testkit.Await;
import dev.baton.testkit.ChildJvm;
import dev.baton.testkit.OutputLine;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What a program hears of its own generation, on whichever thread it asks. */
@Timeout(300)
class OwnStatusTest {
    private static final Duration SOON = Duration.ofMinutes(1);

    @TempDir
    private Path directory;

    private ChildJvm start() throws Exception {
        ChildJvm child = ChildJvm.of(AskingService.class)
                .jvmOptions("-Xshare:auto", "-XX:TieredStopAtLevel=1")
                .environment("BATON_RUN_DIR", directory.resolve("run").toString())
                .environment("BATON_UNDO_WINDOW", "0")
                .arguments(directory.resolve("ask").toString(), gate().toString())
                .start();
        child.awaitLine("main: SERVING 0 restarts", SOON);
        return child;
    }

    private Path gate() {
        return directory.resolve("gate");
    }

    @Test
    void itIsWhatOperatorsHear() throws Exception {
        try (ChildJvm child = start()) {
            GenerationStatus heard = BatonControl.of(child.pid(), directory.resolve("run"))
                    .withTimeout(SOON)
                    .status();
            Files.createFile(directory.resolve("ask"));
            String said = child.awaitLine(line -> line.startsWith("GenerationStatus["), SOON)
                    .text();
            assertThat(timeless(said)).isEqualTo(timeless(heard.toString()));
        }
    }

    private static String timeless(String status) {
        return status.replaceAll("(inState|age)=[^,]+", "$1=some time");
    }

    @Test
    void aParticipantHearsItWhileItIsCalledAndTheProgramAfterTheEnd() throws Exception {
        try (ChildJvm child = start()) {
            Files.createFile(gate());
            child.signal("TERM");
            assertThat(child.awaitExit(SOON)).isZero();
            assertThat(child.awaitAllOutput(SOON).stream().map(OutputLine::text))
                    .containsSubsequence(
                            "resume: STARTING 0 restarts",
                            "park: STOPPING 0 restarts",
                            "drain: STOPPING 0 restarts",
                            "main: RETIRED 0 restarts");
        }
    }

    @Test
    void aGenerationWhoseParticipantDoesNotReturnSaysThatItIsBusy() throws Exception {
        try (ChildJvm child = start()) {
            child.signal("TERM");
            child.awaitLine("park: STOPPING 0 restarts", SOON);
            Files.createFile(directory.resolve("ask"));
            child.awaitLine(line -> line.contains("this generation is busy and cannot say how it is"), SOON);
            Files.createFile(gate());
            assertThat(child.awaitExit(SOON)).isZero();
        }
    }

    /** Says how it is: when it serves, when the first file appears, and when it has ended; parks when the second is there. */
    static final class AskingService {
        private AskingService() {}

        public static void main(String[] arguments) throws Exception {
            Baton baton = Baton.start();
            baton.join(new Asking(baton, Path.of(arguments[1])));
            baton.ready();
            say("main", baton);
            Thread.ofVirtual().start(() -> answerWhenAsked(baton, Path.of(arguments[0])));
            baton.awaitExit();
            say("main", baton);
        }

        private static void answerWhenAsked(Baton baton, Path question) {
            await(question);
            try {
                System.out.println(baton.status());
            } catch (IllegalStateException e) {
                System.out.println(e.getMessage());
            }
        }

        private static void await(Path file) {
            try {
                Await.state("the file " + file, SOON, () -> Files.exists(file));
            } catch (Exception e) {
                throw new AssertionError(e);
            }
        }

        private static void say(String who, Baton baton) {
            GenerationStatus status = baton.status();
            System.out.println(who + ": " + status.state() + " " + status.restarts() + " restarts");
        }

        private record Asking(Baton baton, Path gate) implements Participant {
            @Override
            public CompletableFuture<Void> resume() {
                say("resume", baton);
                return CompletableFuture.completedFuture(null);
            }

            @Override
            public CompletableFuture<Void> park() {
                say("park", baton);
                await(gate);
                return CompletableFuture.completedFuture(null);
            }

            @Override
            public void release() {
                // Nothing is held.
            }

            @Override
            public CompletableFuture<Void> drain(DrainReason reason) {
                say("drain", baton);
                return CompletableFuture.completedFuture(null);
            }

            @Override
            public int close() {
                return 0;
            }
        }
    }
}
