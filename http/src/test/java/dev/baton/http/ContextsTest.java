package dev.baton.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The rules of {@link com.sun.net.httpserver.HttpServer}, "Mapping request URIs to HttpContext paths". */
final class ContextsTest {
    private final BatonHttpServer server = BatonHttpServer.create();
    private final Contexts contexts = new Contexts();

    private @Nullable String found(String path) {
        Context context = contexts.find(path);
        return context == null ? null : context.getPath();
    }

    private void add(String path) {
        contexts.add(new Context(path, exchange -> {}, server));
    }

    @ParameterizedTest
    @CsvSource({"/apps/foo/bar,/apps/foo/", "/apps/Foo/bar,/apps/", "/apps/app1,/apps/", "/foo,/", "/,/", "/apps,/"})
    void theLongestPrefixWins(String path, String expected) {
        add("/apps/");
        add("/");
        add("/apps/foo/");

        assertThat(found(path)).isEqualTo(expected);
    }

    @Test
    void aPrefixNeedNotEndAtASlash() {
        add("/foo");

        assertThat(found("/foobar")).isEqualTo("/foo");
        assertThat(found("/fo")).isNull();
    }

    @Test
    void aPathCanBeTakenOnce() {
        add("/a");

        assertThatThrownBy(() -> add("/a")).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void aRemovedContextIsNotFoundAndItsPathIsFree() {
        add("/a");
        contexts.remove("/a");

        assertThat(found("/a")).isNull();
        add("/a");
        assertThat(found("/a")).isEqualTo("/a");
    }

    @Test
    void whatIsNotThereCannotBeRemoved() {
        assertThatThrownBy(() -> contexts.remove("/a")).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> contexts.remove(new Context("/a", exchange -> {}, server)))
                .isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void aPathBeginsWithASlash() {
        assertThatThrownBy(() -> server.createContext("a")).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> server.createContext("")).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void aHandlerCanBeSetOnce() {
        var context = server.createContext("/a");
        context.setHandler(exchange -> {});

        assertThatThrownBy(() -> context.setHandler(exchange -> {})).isInstanceOf(IllegalArgumentException.class);
    }
}
