package dev.baton;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class LastLinesTest {
    private final LastLines lastLines = new LastLines();

    private void add(String text) {
        byte[] bytes = text.getBytes(UTF_8);
        lastLines.add(bytes, bytes.length);
    }

    @Test
    void theLastTenLinesAreKeptInTheirOrder() {
        IntStream.rangeClosed(1, 12).forEach(i -> add("line " + i + "\n"));
        assertThat(lastLines.lines()).hasSize(10).startsWith("line 3", "line 4").endsWith("line 12");
    }

    @Test
    void aLineMayComeInPiecesAndNeedNotEnd() {
        add("one\ntw");
        add("o\nthr");
        assertThat(lastLines.lines()).containsExactly("one", "two", "thr");
        add("ee\n");
        assertThat(lastLines.lines()).containsExactly("one", "two", "three");
    }

    @Test
    void aLongLineIsCut() {
        add("x".repeat(100_000) + "\nnext\n");
        assertThat(lastLines.lines()).containsExactly("x".repeat(400) + "...", "next");
    }

    @Test
    void ofAStackTraceTheFramesAreLeftOutHoweverManyTheyAre() {
        add("java.lang.Error: outer\n" + "\tat a.B.c(B.java:1)\n".repeat(500));
        add("Caused by: java.io.IOException: inner\n\tat a.B.d(B.java:2)\n\t... 499 more\n");
        assertThat(lastLines.lines())
                .containsExactly("java.lang.Error: outer", "Caused by: java.io.IOException: inner");
    }

    @Test
    void whatIsNoFrameStays() {
        add("at last\n  ... and no more of it\n\n   \n");
        assertThat(lastLines.lines()).containsExactly("at last", "... and no more of it");
    }

    @Test
    void controlCharactersCannotForgeALine() {
        add("a\u001b[31mred\rWARNING: forged\u0000\n");
        assertThat(lastLines.lines()).containsExactly("a [31mred WARNING: forged");
    }
}
