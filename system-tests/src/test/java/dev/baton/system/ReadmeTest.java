package dev.baton.system;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What the documents show and where they point. */
class ReadmeTest {
    /** Surefire's working directory is the module's. */
    private static final Path ROOT = Path.of("..").toAbsolutePath().normalize();

    private static final Pattern JAVA_BLOCK = Pattern.compile("(?s)\\n```java\\n(.*?)```\\n");
    private static final Pattern FENCED = Pattern.compile("(?s)\\n```.*?\\n```\\n");
    private static final Pattern LINK = Pattern.compile("\\]\\(([^)\\s]+)\\)");

    static Stream<Path> documents() throws IOException {
        List<Path> documents = new ArrayList<>();
        for (String name : List.of("README.md", "ARCHITECTURE.md", "CONTRIBUTING.md")) {
            documents.add(Path.of(name));
        }
        try (Stream<Path> docs = Files.walk(ROOT.resolve("docs"))) {
            docs.filter(file -> file.toString().endsWith(".md"))
                    .map(ROOT::relativize)
                    .sorted()
                    .forEach(documents::add);
        }
        return documents.stream();
    }

    @Test
    void theSmallestProgramIsTheExample() throws IOException {
        List<String> programs = JAVA_BLOCK
                .matcher(Files.readString(ROOT.resolve("README.md")))
                .results()
                .map(block -> block.group(1))
                .toList();
        assertThat(programs)
                .containsExactly(
                        Files.readString(ROOT.resolve("examples/src/main/java/dev/baton/examples/HelloServer.java")));
    }

    @ParameterizedTest
    @MethodSource("documents")
    void everyRelativeLinkLeadsToAFile(Path document) throws IOException {
        Path file = ROOT.resolve(document);
        String prose = FENCED.matcher(Files.readString(file)).replaceAll("\n");
        List<String> broken = LINK.matcher(prose)
                .results()
                .map((MatchResult link) -> link.group(1))
                .filter(target -> !target.contains("://") && !target.startsWith("#"))
                .map(target -> target.replaceAll("#.*", ""))
                .filter(target -> !Files.exists(file.resolveSibling(target)))
                .toList();
        assertThat(broken).as("links of %s that lead nowhere", document).isEmpty();
    }
}
