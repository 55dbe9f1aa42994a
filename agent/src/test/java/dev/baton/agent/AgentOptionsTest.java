package dev.baton.agent;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.baton.BatonOptions;
import java.lang.reflect.RecordComponent;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.junit.jupiter.api.Test;

class AgentOptionsTest {

    @Test
    void argumentsAreNamesAndValuesAndTheLastOfANameCounts() {
        assertThat(AgentOptions.arguments("")).isEmpty();
        assertThat(AgentOptions.arguments("undo-window=0,name=a=b,undo-window=5s"))
                .isEqualTo(Map.of("undo-window", "5s", "name", "a=b"));
    }

    @Test
    void whatFollowsTheAgentIsKeptToItselfAndIsReadAsBatonsOptions() {
        // The build has properties of this prefix itself (baton.trials), so those before are kept apart.
        var before = System.getProperties().stringPropertyNames();
        AgentOptions options = AgentOptions.of("undo-window=1s,ready=listening");
        assertThat(options.baton().undoWindow()).isEqualTo(Duration.ofSeconds(1));
        assertThat(options.ready()).isEqualTo(Ready.Rule.LISTENING);
        assertThat(System.getProperties().stringPropertyNames()).isEqualTo(before);
    }

    @Test
    void anUnknownNameIsRefusedWithThoseThatThereAre() {
        assertThatThrownBy(() -> AgentOptions.arguments("undo_window=0"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("'undo_window'")
                .hasMessageContaining("undo-window");
        assertThatThrownBy(() -> AgentOptions.arguments("ready"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("ready=...");
    }

    @Test
    void aHealthUrlIsOneOfHttpAndEverythingElseIsRefusedInALine() {
        assertThat(Ready.parse("health:https://localhost/well?deep"))
                .isInstanceOfSatisfying(
                        Ready.Health.class, health -> assertThat(health.port()).isEqualTo(443));
        for (String wrong :
                List.of("health:", "health:/well", "health:ftp://localhost/", "health:http:///well", "soon")) {
            assertThatThrownBy(() -> Ready.parse(wrong))
                    .isInstanceOf(IllegalArgumentException.class)
                    .message()
                    .startsWith("ready: ")
                    .hasLineCount(1);
        }
    }

    @Test
    void everyOptionOfBatonIsOne() {
        List<String> components = Arrays.stream(BatonOptions.class.getRecordComponents())
                .map(RecordComponent::getName)
                .map(name -> name.replaceAll("([A-Z])", "-$1").toLowerCase(Locale.ROOT))
                .map(name -> name.equals("run-directory") ? "run-dir" : name)
                .toList();
        assertThat(AgentOptions.names())
                .containsAll(components)
                .contains("ready")
                .hasSize(components.size() + 1);
    }
}
