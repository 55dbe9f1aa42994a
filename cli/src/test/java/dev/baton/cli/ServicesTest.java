package dev.baton.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.baton.BatonControl;
import dev.baton.GenerationStatus;
import dev.baton.State;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;

/** Which generation an operator means, and how it is shown. */
class ServicesTest {
    private static final Path DIRECTORY = Path.of("/run/x");

    private static GenerationStatus status(String name, int generation, long pid, State state) {
        return new GenerationStatus(
                name,
                generation,
                pid,
                state,
                Duration.ofSeconds(75),
                Duration.ofHours(49),
                "1.0",
                List.of("127.0.0.1:80"),
                Optional.empty(),
                OptionalLong.empty(),
                List.of(),
                2,
                List.of(),
                Optional.of("25"),
                Optional.of(Path.of("/opt/shop.jar")),
                Optional.empty());
    }

    private static Services.Answered answered(String name, int generation, long pid, State state) {
        return new Services.Answered(BatonControl.of(pid, DIRECTORY), status(name, generation, pid, state));
    }

    private static Services services(Services.Answered... answered) {
        return new Services(DIRECTORY, List.of(answered), List.of());
    }

    private static long chosen(Services services, String... name) throws CannotRunException {
        return services.choose(List.of(name).stream().findFirst()).status().pid();
    }

    @Test
    void theOnlyServiceNeedsNoName() throws Exception {
        assertThat(chosen(services(answered("shop", 2, 20, State.SERVING), answered("shop", 1, 10, State.PARKED))))
                .isEqualTo(20);
    }

    @Test
    void aNameIsThatOfTheGenerationThatServes() throws Exception {
        Services services = services(
                answered("mail", 1, 5, State.SERVING),
                answered("shop", 2, 20, State.UPGRADING),
                answered("shop", 1, 10, State.PARKED),
                answered("shop", 3, 30, State.STARTING));
        assertThat(chosen(services, "shop")).isEqualTo(20);
    }

    @Test
    void aServiceThatStopsCanStillBeNamed() throws Exception {
        assertThat(chosen(services(answered("shop", 2, 20, State.STOPPING)), "shop"))
                .isEqualTo(20);
    }

    @Test
    void severalAreNotChosenFrom() {
        Services two = services(answered("shop", 1, 10, State.SERVING), answered("mail", 1, 20, State.SERVING));
        assertThatThrownBy(() -> chosen(two))
                .hasMessage("there are several services: shop (pid 10), mail (pid 20); say which, by its name or pid")
                .extracting(e -> ((CannotRunException) e).status())
                .isEqualTo(ExitStatus.NO_SERVICE);
        Services same = services(answered("shop", 1, 10, State.SERVING), answered("shop", 4, 20, State.SERVING));
        assertThatThrownBy(() -> chosen(same, "shop"))
                .hasMessage("there are several services that are called shop: shop (pid 10), shop (pid 20);"
                        + " say which, by its pid");
    }

    @Test
    void aWrongNameIsAnsweredWithThoseThatThereAreAndThoseThatDoNotAnswer() {
        Services services = new Services(
                DIRECTORY,
                List.of(answered("shop", 1, 10, State.SERVING)),
                List.of(new Services.Silent(7, "process 7 does not answer; it may be frozen")));
        assertThatThrownBy(() -> chosen(services, "shpo"))
                .hasMessage("there is no service that is called shpo in /run/x; there are shop (pid 10);"
                        + " process 7 does not answer; it may be frozen")
                .extracting(e -> ((CannotRunException) e).status())
                .as("one that does not answer may be the one that is meant")
                .isEqualTo(ExitStatus.NO_ANSWER);
    }

    @Test
    void aDrainIsShownWithABarAndInJson() {
        ServiceView view = new ServiceView(
                status("shop", 2, 20, State.SERVING),
                OptionalInt.of(1),
                List.of(new ServiceView.Older(
                        1, 10, Duration.ofSeconds(10), Optional.of(Duration.ofSeconds(30)), OptionalInt.of(3))));
        assertThat(new StatusText(view, Terminal.PLAIN).lines())
                .containsExactly(
                        "shop  generation 2, pid 20, SERVING for 1m 15s",
                        "  started    2d 1h ago",
                        "  jar        /opt/shop.jar",
                        "  jdk        25",
                        "  baton      1.0",
                        "  listens    127.0.0.1:80",
                        "  open       1 connection",
                        "  restarts   2",
                        "  drains     generation 1, pid 10, 3 connections, for 10s  [#####...............] cut in 30s");
        assertThat(new StatusText(view, Terminal.PLAIN).summary())
                .isEqualTo("shop: generation 2 (pid 20) SERVING, drains 1 (pid 10, 3 connections)");
        String json = Json.line(StatusJson.of(view));
        assertThat(JsonChecker.isValid(json)).as(json).isTrue();
        assertThat(json).doesNotContain("\n").contains("\"drainLeftMillis\": 30000", "\"jar\": \"/opt/shop.jar\"");
    }
}
