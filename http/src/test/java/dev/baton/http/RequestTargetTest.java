package dev.baton.http;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.URI;
import java.util.Objects;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class RequestTargetTest {

    @ParameterizedTest
    @ValueSource(
            strings = {
                "/",
                "/a/b.c-d_e~f",
                "/a//b",
                "//host/path",
                "///x",
                "/a?b=c",
                "/a%20b",
                "/a;b",
                "/%C3%A4",
                "/../x",
                "http://example.test/apps/foo",
                "*"
            })
    void pathAndUriAreThoseOfTheUriClass(String text) {
        RequestTarget target = Objects.requireNonNull(RequestTarget.parse(text));

        assertThat(target.path()).isEqualTo(URI.create(text).getPath());
        assertThat(target.uri()).isEqualTo(URI.create(text));
    }

    @ParameterizedTest
    @ValueSource(strings = {"/a b", "/%", "/%zz", "/a\\b", "/a^b", "example.test:443", "mailto:x", "/a\u0000"})
    void whatIsNoUriWithAPathIsRefused(String text) {
        assertThat(RequestTarget.parse(text)).isNull();
    }
}
