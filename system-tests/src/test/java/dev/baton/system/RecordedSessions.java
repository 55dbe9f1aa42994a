package dev.baton.system;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Terminal sessions in a document: each is a fenced block after a comment with its name.
 *
 * <p>What differs from one run to the next is left out of the comparison, and nothing else: times and the bars that show
 * them, versions, the widths of columns, and pids, of which it counts which are the same.
 */
final class RecordedSessions {
    private static final Pattern BLOCK = Pattern.compile("(?s)(<!-- recorded: ([a-z-]+) -->\\n```\\n)(.*?)(```\\n)");
    private static final Pattern PID = Pattern.compile("\\bpid (\\d+)|(?m)^shop +(\\d+)");
    private static final Pattern SPACES = Pattern.compile(" {2,}");
    private static final Pattern TIME = Pattern.compile("\\b\\d+(\\.\\d+)?(ms|s|m|h|d)( \\d+(s|m|h))?\\b");
    private static final Pattern BAR = Pattern.compile("\\[#*\\.*\\]");
    private static final Pattern JDK = Pattern.compile("\\b\\d+(\\.\\d+)+\\+\\S+");
    private static final Pattern RELEASE =
            Pattern.compile("\\b\\d+\\.\\d+\\.\\d+(-SNAPSHOT)?(?= |$)", Pattern.MULTILINE);

    private RecordedSessions() {}

    /** Those of a document, by name, in their order. */
    static Map<String, String> in(Path document) throws IOException {
        Map<String, String> sessions = new LinkedHashMap<>();
        BLOCK.matcher(Files.readString(document))
                .results()
                .forEach(block -> sessions.put(block.group(2), block.group(3)));
        return sessions;
    }

    /** Writes them into the document, into the blocks that have their names. */
    static void write(Path document, Map<String, String> sessions) throws IOException {
        String text = BLOCK.matcher(Files.readString(document)).replaceAll((MatchResult block) -> {
            String session = sessions.getOrDefault(block.group(2), block.group(3));
            return Matcher.quoteReplacement(block.group(1) + session + block.group(4));
        });
        Files.writeString(document, text);
    }

    /** One text of all, in which only that is left which is the same in each run. */
    static String comparable(Map<String, String> sessions) {
        StringBuilder all = new StringBuilder();
        new TreeMap<>(sessions)
                .forEach((name, text) -> all.append(name).append('\n').append(text));
        String text = pids(all.toString());
        text = BAR.matcher(text).replaceAll("[BAR]");
        text = JDK.matcher(text).replaceAll("JDK");
        text = RELEASE.matcher(text).replaceAll("RELEASE");
        text = TIME.matcher(text).replaceAll("TIME");
        return SPACES.matcher(text).replaceAll("  ");
    }

    /** Names each process by the order in which it is first seen. */
    private static String pids(String text) {
        Map<String, String> names = new LinkedHashMap<>();
        PID.matcher(text)
                .results()
                .map(found -> found.group(1) == null ? found.group(2) : found.group(1))
                .forEach(pid -> names.putIfAbsent(pid, "PID-" + (char) ('a' + names.size())));
        String named = text;
        for (Map.Entry<String, String> each : names.entrySet()) {
            named = named.replaceAll("\\b" + each.getKey() + "\\b", each.getValue());
        }
        return named;
    }
}
