package dev.baton.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.BasicAuthenticator;
import com.sun.net.httpserver.Filter;
import com.sun.net.httpserver.Headers;
import com.sun.net.httpserver.HttpContext;
import com.sun.net.httpserver.HttpHandler;
import com.sun.net.httpserver.HttpPrincipal;
import com.sun.net.httpserver.HttpServer;
import com.sun.net.httpserver.SimpleFileServer;
import dev.baton.http.RawClient.Response;
import java.io.IOException;
import java.net.HttpURLConnection;
import java.net.InetSocketAddress;
import java.net.Proxy;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * What the JDK's public tests ask of its server around the exchange: contexts, filters, authenticators, files, many clients
 * and stop. See {@link JdkScenariosTest}.
 */
final class JdkServerScenariosTest extends HttpServerTest {
    private static final String POST_22 = "POST /test HTTP/1.1\r\nHost: t\r\nContent-Length: 22\r\n";
    private static final String BODY_22 = "<item desc=\"excuse\" />";

    private RawClient serving(HttpHandler handler) throws IOException {
        serve(handler);
        return connect();
    }

    private BasicAuthenticator fred() {
        return new BasicAuthenticator("test") {
            @Override
            public boolean checkCredentials(String user, String password) {
                return user.equals("fred") && password.equals("fredpassword");
            }
        };
    }

    // --- contexts, filters, authenticators ---

    /** Test11, 6270015; ContextPathMatcherStringPrefixTest. */
    @ParameterizedTest
    @ValueSource(strings = {"/Foo/bar/x", "/foo/bar", "/fo", "/", "/x/foo/bar/"})
    void aPathThatDoesNotBeginWithTheContextIsNotFound(String path) throws Exception {
        BatonHttpServer server = BatonHttpServer.create();
        server.createContext("/foo/bar/", exchange -> answer(exchange, 200, "here"));
        start(server, Transport.TCP);
        RawClient client = connect();

        assertThat(client.get(path).receive().status()).isEqualTo(404);
        assertThat(client.get("/foo/bar/x").receive().text()).isEqualTo("here");
    }

    /** HttpContextTest, 8269692, and 6339483: contexts without a handler, on a server without an address. */
    @Test
    void contextsAreMadeAndRemovedBeforeTheServerIsBound() throws Exception {
        HttpServer server = BatonHttpServer.create(null, 0);
        HttpContext context = server.createContext("/foo/");

        assertThat(context.getPath()).isEqualTo("/foo/");
        assertThat(context.getHandler()).isNull();
        assertThat(context.getServer()).isSameAs(server);
        assertThatThrownBy(() -> server.createContext("/foo/")).isInstanceOf(IllegalArgumentException.class);
        server.removeContext(context);
        assertThatThrownBy(() -> server.removeContext("/foo/")).isInstanceOf(IllegalArgumentException.class);
        server.createContext("/foo/", exchange -> {});
        server.removeContext("/foo/");
        server.stop(0);
    }

    @Test
    void aContextWithoutAHandlerIsA500() throws Exception {
        BatonHttpServer server = BatonHttpServer.create();
        HttpContext context = server.createContext("/");
        start(server, Transport.TCP);
        RawClient client = connect();

        assertThat(client.get("/").receive().status()).isEqualTo(500);
        context.setHandler(exchange -> answer(exchange, 200, "now"));
        assertThat(client.get("/").receive().text()).isEqualTo("now");
    }

    /** 6393710: a body that came with a request that was not let in does not become the next request. */
    @Test
    void aRefusedBodyDoesNotStandInTheWayOfTheNextRequest() throws Exception {
        BatonHttpServer server = BatonHttpServer.create();
        server.createContext(
                        "/",
                        exchange -> answer(
                                exchange, 200, "" + exchange.getRequestBody().readAllBytes().length))
                .setAuthenticator(fred());
        start(server, Transport.TCP);
        String token = Base64.getEncoder().encodeToString("fred:fredpassword".getBytes(StandardCharsets.UTF_8));

        RawClient client = connect()
                .send(POST_22 + "\r\n" + BODY_22 + POST_22 + "Authorization: Basic " + token + "\r\n\r\n" + BODY_22);

        assertThat(client.receive().status()).isEqualTo(401);
        assertThat(client.receive().text()).isEqualTo("22");
    }

    /** 6341616. */
    @Test
    void anAuthenticatorThatFailsIsA500() throws Exception {
        BatonHttpServer server = BatonHttpServer.create();
        server.createContext("/", exchange -> answer(exchange, 200, "let in"))
                .setAuthenticator(new BasicAuthenticator("foobar@test.realm") {
                    @Override
                    public boolean checkCredentials(String user, String password) {
                        throw new IllegalStateException("cannot check");
                    }
                });
        start(server, Transport.TCP);

        RawClient client = connect().send("GET / HTTP/1.1\r\nHost: t\r\nAuthorization: Basic ZnJlZDp4\r\n\r\n");

        assertThat(client.receive().status()).isEqualTo(500);
    }

    /** BasicAuthToken, TestHttpUnicode, 8199849: what is no token is a refusal, and other letters are letters. */
    @Test
    void credentialsMayBeBrokenOrInOtherLetters() throws Exception {
        List<String> users = new CopyOnWriteArrayList<>();
        BatonHttpServer server = BatonHttpServer.create();
        server.createContext("/", exchange -> answer(exchange, 200, "let in"))
                .setAuthenticator(new BasicAuthenticator("realm", StandardCharsets.UTF_8) {
                    @Override
                    public boolean checkCredentials(String user, String password) {
                        users.add(user);
                        return true;
                    }
                });
        start(server, Transport.TCP);
        String token = Base64.getEncoder().encodeToString("\u00fcser\u4e16:pw".getBytes(StandardCharsets.UTF_8));

        for (String broken : List.of("Basic", "Basic !", "Digest x", "Basic bm9jb2xvbg==")) {
            RawClient client = connect().send("GET / HTTP/1.1\r\nHost: t\r\nAuthorization: " + broken + "\r\n\r\n");
            assertThat(client.receive().status()).as(broken).isBetween(400, 500);
        }
        RawClient client = connect().send("GET / HTTP/1.1\r\nHost: t\r\nAuthorization: Basic " + token + "\r\n\r\n");
        assertThat(client.receive().text()).isEqualTo("let in");
        assertThat(users).containsExactly("\u00fcser\u4e16");
        assertThat(new HttpPrincipal("a", "b")).hasToString("b:a");
    }

    /** FilterTest. */
    @Test
    void filtersBeforeAndAfterSeeRequestAndResponse() throws Exception {
        List<String> seen = new CopyOnWriteArrayList<>();
        BatonHttpServer server = BatonHttpServer.create();
        CountDownLatch after = new CountDownLatch(1);
        List<Filter> filters = server.createContext("/", exchange -> answer(exchange, 201, "x"))
                .getFilters();
        filters.add(Filter.beforeHandler("before", exchange -> {
            seen.add("before " + exchange.getResponseCode());
            exchange.getResponseHeaders().set("X-Before", "y");
        }));
        filters.add(Filter.afterHandler("after", exchange -> {
            seen.add("after " + exchange.getResponseCode());
            after.countDown();
        }));
        start(server, Transport.TCP);

        assertThat(connect().get("/").receive().header("X-Before")).isEqualTo("y");
        assertThat(after.await(5, TimeUnit.SECONDS)).isTrue();
        assertThat(seen).containsExactly("before -1", "after 201");
    }

    /** HeadersTest, 8251496: names in any case, values of one name in their order, nothing that breaks a line. */
    @Test
    void responseHeadersKeepTheirValuesInOrder() throws Exception {
        RawClient client = serving(exchange -> {
            Headers headers = exchange.getResponseHeaders();
            headers.add("x-a", "1");
            headers.add("X-A", "2");
            headers.set("X-b", "gone");
            headers.set("x-B", "3");
            assertThatThrownBy(() -> headers.set("X-c", "a\r\nSet-Cookie: b"))
                    .isInstanceOf(IllegalArgumentException.class);
            assertThatThrownBy(() -> headers.set("X\n", "a")).isInstanceOf(IllegalArgumentException.class);
            exchange.sendResponseHeaders(200, -1);
        });

        Response response = client.get("/").receive();

        assertThat(response.headers("X-A")).containsExactly("1", "2");
        assertThat(response.headers("X-B")).containsExactly("3");
        assertThat(response.headers("Set-Cookie")).isEmpty();
    }

    // --- many clients ---

    /** 6361557, 6373555: connections that their clients leave open do not keep others out. */
    @Test
    void manyConnectionsAreServedWhileOthersStayOpen() throws Exception {
        byte[] body = new byte[5200];
        serve(exchange -> {
            byte[] read = exchange.getRequestBody().readAllBytes();
            exchange.sendResponseHeaders(200, read.length);
            exchange.getResponseBody().write(read);
            exchange.close();
        });

        for (int i = 0; i < 300; i++) {
            RawClient client = connect()
                    .send("POST /test HTTP/1.1\r\nHost: t\r\nContent-Length: 5200\r\n\r\n")
                    .send(body);
            assertThat(client.receive().content()).hasSize(5200);
        }
    }

    /** Test12, 6270015: the JDK's own client, with connections that it keeps. */
    @Test
    void theJdksClientIsServedInParallel() throws Exception {
        serve(exchange -> {
            int length = exchange.getRequestBody().readAllBytes().length;
            answer(exchange, 200, exchange.getRequestURI().getPath() + " " + length);
        });
        int port = ((InetSocketAddress) address()).getPort();
        List<Future<String>> answers = new ArrayList<>();
        try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            for (int i = 0; i < 100; i++) {
                URI uri = URI.create("http://127.0.0.1:" + port + "/" + i);
                byte[] body = new byte[i * 100];
                answers.add(threads.submit(() -> post(uri, body)));
            }
            for (int i = 0; i < 100; i++) {
                assertThat(answers.get(i).get(10, TimeUnit.SECONDS)).isEqualTo("/" + i + " " + i * 100);
            }
        }
    }

    private static String post(URI uri, byte[] body) throws IOException {
        var connection = (HttpURLConnection) uri.toURL().openConnection(Proxy.NO_PROXY);
        connection.setDoOutput(true);
        connection.getOutputStream().write(body);
        try (var answer = connection.getInputStream()) {
            return new String(answer.readAllBytes(), StandardCharsets.UTF_8);
        }
    }

    // --- stop ---

    /** 8233185 (HttpServerTest): a handler may stop its own server. */
    @Test
    void aHandlerMayStopItsServer() throws Exception {
        CompletableFuture<Void> stopped = new CompletableFuture<>();
        BatonHttpServer server = BatonHttpServer.create();
        server.createContext("/", exchange -> {
            answer(exchange, 200, "last");
            server.stop(0);
            stopped.complete(null);
        });
        start(server, Transport.TCP);
        connect().get("/");

        stopped.get(5, TimeUnit.SECONDS);
        assertThatThrownBy(this::connect).isInstanceOf(IOException.class);
    }

    /** FailAndStopTest, ServerStopTerminationTest: stop waits for no exchange that has ended, in whatever way. */
    @Test
    void stopDoesNotWaitForAHandlerThatHasFailed() throws Exception {
        BatonHttpServer server = serve(exchange -> {
            throw new IllegalStateException("on purpose");
        });
        RawClient client = connect().get("/");
        assertThat(client.receive().status()).isEqualTo(500);
        assertThat(client.isAtEnd()).isTrue();
        client.close();

        CompletableFuture.runAsync(() -> server.stop(3600)).get(5, TimeUnit.SECONDS);
    }

    // --- files ---

    /** MapToPathTest, FileServerHandlerTest: no path leaves the directory, and a directory's name ends in a slash. */
    @Test
    void theFileHandlerServesNothingOutsideItsDirectory() throws Exception {
        var root = Files.createDirectories(directory.resolve("root/sub"));
        Files.writeString(directory.resolve("secret"), "secret");
        Files.writeString(root.resolve("index.html"), "<p>index");
        serve(SimpleFileServer.createFileHandler(directory.resolve("root").toAbsolutePath()));

        for (String path :
                List.of("/../secret", "/sub/../../secret", "/%2e%2e/secret", "/..%2fsecret", "/./../secret")) {
            assertThat(connect().get(path).receive().text()).as(path).isNotEqualTo("secret");
        }
        Response moved = connect().get("/sub").receive();
        assertThat(moved.status()).isEqualTo(301);
        assertThat(moved.header("Location")).endsWith("/sub/");
        assertThat(connect().get("/sub/").receive().text()).isEqualTo("<p>index");
        assertThat(connect()
                        .send("POST /sub/ HTTP/1.1\r\nHost: t\r\nContent-Length: 1\r\n\r\nx")
                        .receive()
                        .status())
                .isEqualTo(405);
    }
}
