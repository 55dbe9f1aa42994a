package dev.baton.system;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Where the documents point, and what they quote. */
class DocumentsTest {
    /** Surefire's working directory is the module's. */
    private static final Path ROOT = Path.of("..").toAbsolutePath().normalize();

    private static final Pattern FENCED = Pattern.compile("(?s)\\n```.*?\\n```\\n");
    private static final Pattern LINK = Pattern.compile("\\]\\(([^)\\s]+)\\)");
    private static final Pattern HEADING = Pattern.compile("(?m)^#+ +(.+?) *$");
    private static final Pattern FIRST_CELL = Pattern.compile("(?m)^\\| (.*?) \\| ");
    private static final Pattern CODE = Pattern.compile("`([^`]+)`");

    /** Code in a first cell that is no message: a command, an option. */
    private static final Pattern NO_MESSAGE = Pattern.compile("[-\\w/=:.]+|kill -\\w+|systemctl \\w+");

    private static final Pattern LITERALS_JOIN = Pattern.compile("\"\\s*\\+\\s*\"");

    static Stream<Path> documents() throws IOException {
        return files(".md").map(ROOT::relativize).sorted();
    }

    /** Without what is built, and what is not of the project. */
    private static Stream<Path> files(String ending) throws IOException {
        List<Path> found = new ArrayList<>();
        try (Stream<Path> files = Files.walk(ROOT)) {
            files.filter(file -> file.toString().endsWith(ending))
                    .filter(file -> Stream.of("target", ".git")
                            .noneMatch(folder -> ROOT.relativize(file).startsWith(folder)
                                    || file.toString().contains("/" + folder + "/")))
                    .forEach(found::add);
        }
        return found.stream();
    }

    @ParameterizedTest
    @MethodSource("documents")
    void everyRelativeLinkLeadsToAFileAndAHeading(Path document) throws IOException {
        Path file = ROOT.resolve(document);
        List<String> broken = new ArrayList<>();
        LINK.matcher(prose(file))
                .results()
                .map(link -> link.group(1))
                .filter(target -> !target.contains("://") && !target.startsWith("mailto:"))
                .filter(target -> !leadsSomewhere(file, target))
                .forEach(broken::add);
        assertThat(broken).as("links of %s that lead nowhere", document).isEmpty();
    }

    private static boolean leadsSomewhere(Path file, String target) {
        String path = target.replaceFirst("#.*", "");
        Path there = path.isEmpty() ? file : file.resolveSibling(path);
        if (!Files.exists(there)) {
            return false;
        }
        return !target.contains("#") || anchors(there).contains(target.replaceFirst(".*#", ""));
    }

    /** As GitHub makes them of headings: in small letters, without punctuation, with hyphens for spaces. */
    private static List<String> anchors(Path file) {
        try {
            Map<String, Integer> seen = new HashMap<>();
            return HEADING.matcher(prose(file))
                    .results()
                    .map(heading -> heading.group(1).replaceAll("\\[([^]]*)]\\([^)]*\\)", "$1"))
                    .map(text -> text.toLowerCase(Locale.ROOT)
                            .replaceAll("[^\\p{L}\\p{N} _-]", "")
                            .replace(' ', '-'))
                    .map(anchor -> {
                        int before = seen.merge(anchor, 1, Integer::sum) - 1;
                        return before == 0 ? anchor : anchor + "-" + before;
                    })
                    .toList();
        } catch (IOException e) {
            throw new AssertionError("cannot read " + file, e);
        }
    }

    private static String prose(Path file) throws IOException {
        return FENCED.matcher("\n" + Files.readString(file)).replaceAll("\n\n");
    }

    @Test
    void theIndexNamesEveryDocument() throws IOException {
        List<String> linked = LINK.matcher(Files.readString(ROOT.resolve("docs/README.md")))
                .results()
                .map(link -> link.group(1))
                .toList();
        try (Stream<Path> files = Files.list(ROOT.resolve("docs"))) {
            assertThat(files.map(file -> file.getFileName().toString())
                            .filter(name -> !name.equals("README.md"))
                            .toList())
                    .as("what docs/README.md has a line for")
                    .isSubsetOf(linked);
        }
    }

    @Test
    void everyMessageInTheTroubleShootingIsOneOfTheSources() throws IOException {
        String sources = sources();
        List<String> quoted = FIRST_CELL
                .matcher(Files.readString(ROOT.resolve("docs/troubleshooting.md")))
                .results()
                .flatMap(cell -> CODE.matcher(cell.group(1)).results())
                .map(code -> code.group(1))
                .filter(text -> !NO_MESSAGE.matcher(text).matches())
                .toList();
        assertThat(quoted).as("the test finds the messages").hasSizeGreaterThan(25);
        List<String> unknown = quoted.stream()
                .flatMap(message -> Stream.of(message.split("\\.\\.\\.", 0)))
                .map(String::strip)
                .filter(part -> !part.isEmpty() && !sources.contains(part))
                .toList();
        assertThat(unknown).as("parts of messages that no main source has").isEmpty();
    }

    /** All main sources, with literals that go on in the next line. */
    private static String sources() throws IOException {
        return files(".java")
                .filter(file -> file.toString().contains("/src/main/")
                        || file.toString().contains("/src/premain/"))
                .map(file -> {
                    try {
                        return Files.readString(file);
                    } catch (IOException e) {
                        throw new AssertionError("cannot read " + file, e);
                    }
                })
                .map(text -> LITERALS_JOIN.matcher(text).replaceAll(""))
                .collect(Collectors.joining("\n"));
    }
}
