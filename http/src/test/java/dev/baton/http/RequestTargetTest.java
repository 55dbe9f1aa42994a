package dev.baton.http;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.handler.codec.http.HttpMethod;
import java.net.URI;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class RequestTargetTest {

    @ParameterizedTest
    @ValueSource(
            strings = {
                "/",
                "/a/b.c-d_e~f",
                "/a//b",
                "/a?b=c",
                "/a%20b",
                "/a;b",
                "/%C3%A4",
                "/../x",
                "http://example.test/apps/foo",
                "HTTPS://[::1]:8443/x?y"
            })
    void pathAndUriAreThoseOfTheUriClass(String text) {
        RequestTarget target = Objects.requireNonNull(RequestTarget.parse(HttpMethod.GET, text));

        assertThat(target.path()).isEqualTo(URI.create(text).getPath());
        assertThat(target.uri()).isEqualTo(URI.create(text));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "/a b",
                "/%",
                "/%zz",
                "/a\\b",
                "/a^b",
                "example.test:443",
                "mailto:x",
                "/a\u0000",
                "/a#b",
                "a",
                "?a",
                "",
                "*",
                "//host/path",
                "///x",
                "http:/x",
                "http:///x",
                "http://user@host/x",
                "http://host/x#y",
                "ftp://host/x"
            })
    void whatIsNotThePathOrTheUriOfAResourceIsRefused(String text) {
        assertThat(RequestTarget.parse(HttpMethod.GET, text)).isNull();
    }

    @Test
    void theFormsForOneMethodAreKnownWithThatMethodAlone() {
        assertThat(RequestTarget.parse(HttpMethod.OPTIONS, "*")).hasToString("*");
        assertThat(RequestTarget.parse(HttpMethod.CONNECT, "/")).isNull();
        assertThat(RequestTarget.parse(HttpMethod.CONNECT, "host:443")).isNull();
    }

    @Test
    void theEmptyPathOfAUriIsTheRoot() {
        RequestTarget target = Objects.requireNonNull(RequestTarget.parse(HttpMethod.GET, "http://host:81?x"));

        assertThat(target.path()).isEqualTo("/");
        assertThat(target.authority()).isEqualTo("host:81");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "a", "a-b.c_d:80", "127.0.0.1:1", "[::1]", "[fe80::1%25eth0]:80", "a:", "%c3%a4"})
    void aHostHasAnOptionalPort(String text) {
        assertThat(RequestTarget.isHost(text)).isTrue();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "a b", "a/", "a@b", "a:b", "a:1:2", "[::1", "[::1]a", "::1]", "a\\b", "\u00e4", "a?b", "a#", "[a]:x"
            })
    void whatElseIsInAHostIsRefused(String text) {
        assertThat(RequestTarget.isHost(text)).isFalse();
    }
}
