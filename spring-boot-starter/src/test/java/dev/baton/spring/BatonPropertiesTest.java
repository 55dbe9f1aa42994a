package dev.baton.spring;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.baton.BatonOptions;
import dev.baton.drain.IdlePolicy;
import java.io.IOException;
import java.io.InputStream;
import java.lang.reflect.RecordComponent;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.springframework.core.env.MapPropertySource;
import org.springframework.core.env.StandardEnvironment;
import org.springframework.core.env.SystemEnvironmentPropertySource;

class BatonPropertiesTest {
    private final StandardEnvironment environment = new StandardEnvironment();

    private BatonProperties properties(Map<String, Object> values) {
        environment.getPropertySources().addFirst(new MapPropertySource("test", values));
        return new BatonProperties(environment);
    }

    @Test
    void anOptionHasTheSameNameAndFormAsEverywhere() {
        BatonOptions options = properties(Map.of(
                        "baton.pid-file", "shop.pid",
                        "baton.drain-timeout", "2m",
                        "baton.max-generations", "5",
                        "baton.oldest-leaves-early", "true"))
                .options();
        assertThat(options.pidFile()).contains(Path.of("shop.pid"));
        assertThat(options.drainTimeout()).isEqualTo(Duration.ofMinutes(2));
        assertThat(options.maxGenerations()).isEqualTo(5);
        assertThat(options.oldestLeavesEarly()).isTrue();
    }

    @Test
    void aVariableBeatsAFile() {
        BatonProperties properties = properties(Map.of("baton.undo-window", "1s"));
        environment
                .getPropertySources()
                .addFirst(new SystemEnvironmentPropertySource(
                        "test-" + StandardEnvironment.SYSTEM_ENVIRONMENT_PROPERTY_SOURCE_NAME,
                        Map.of("BATON_UNDO_WINDOW", "0")));
        assertThat(properties.options().undoWindow()).isZero();
    }

    @Test
    void theServiceIsCalledByTheApplicationsNameUnlessItHasAnother() {
        Map<String, Object> name = Map.of("spring.application.name", "shop");
        assertThat(properties(name).options().name()).isEqualTo("shop");
        assertThat(properties(Map.of("baton.name", "shop-eu")).options().name()).isEqualTo("shop-eu");
    }

    @Test
    void aDrainHasItsOptionsToo() {
        BatonProperties properties =
                properties(Map.of("baton.idle-policy", "close-after-response", "baton.idle-grace", "7s"));
        assertThat(properties.drainOptions().idlePolicy()).isEqualTo(IdlePolicy.CLOSE_AFTER_RESPONSE);
        assertThat(properties.drainOptions().idleGrace()).isEqualTo(Duration.ofSeconds(7));
        assertThat(properties.drainOptions().newConnectionGrace()).isEqualTo(Duration.ofSeconds(5));
    }

    @Test
    void aValueThatCannotBeReadIsNamedWithItsOption() {
        assertThatThrownBy(
                        () -> properties(Map.of("baton.drain-timeout", "soon")).options())
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith("drain-timeout: 'soon' is not a duration");
    }

    @Test
    void everyOptionHasMetadataForCompletion() throws IOException {
        Set<String> expected = Arrays.stream(BatonOptions.class.getRecordComponents())
                .map(RecordComponent::getName)
                .map(name -> name.equals("runDirectory") ? "runDir" : name)
                .map(name -> Pattern.compile("[A-Z]")
                        .matcher(name)
                        .replaceAll(letter -> "-" + letter.group().toLowerCase(Locale.ROOT)))
                .map(name -> "baton." + name)
                .collect(Collectors.toCollection(TreeSet::new));
        expected.addAll(Set.of(
                "baton.enabled",
                "baton.idle-policy",
                "baton.new-connection-grace",
                "baton.idle-grace",
                "baton.metrics.tag-generation"));
        try (InputStream metadata = Objects.requireNonNull(
                BatonProperties.class.getResourceAsStream("/META-INF/spring-configuration-metadata.json"))) {
            String text = new String(metadata.readAllBytes(), StandardCharsets.UTF_8);
            assertThat(Pattern.compile("\"name\": \"(baton\\.[a-z.-]+)\",\\s+\"type\"")
                            .matcher(text)
                            .results()
                            .map(match -> match.group(1)))
                    .containsExactlyInAnyOrderElementsOf(expected);
        }
    }
}
