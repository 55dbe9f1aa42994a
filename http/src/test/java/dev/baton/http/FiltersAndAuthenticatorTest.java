package dev.baton.http;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.Authenticator;
import com.sun.net.httpserver.BasicAuthenticator;
import com.sun.net.httpserver.Filter;
import com.sun.net.httpserver.HttpContext;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpHandlers;
import com.sun.net.httpserver.HttpPrincipal;
import com.sun.net.httpserver.Request;
import dev.baton.http.RawClient.Response;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.Test;

/** What stands between a request and its handler. */
final class FiltersAndAuthenticatorTest extends HttpServerTest {
    private final List<String> trace = new CopyOnWriteArrayList<>();

    private HttpContext serveTraced() throws Exception {
        BatonHttpServer server = BatonHttpServer.create();
        HttpContext context = server.createContext("/", exchange -> {
            trace.add("handler");
            HttpPrincipal principal = exchange.getPrincipal();
            answer(exchange, 200, principal == null ? "nobody" : principal.toString());
        });
        start(server, Transport.TCP);
        return context;
    }

    @Test
    void filtersRunInTheirOrderAroundTheHandler() throws Exception {
        HttpContext context = serveTraced();
        context.getFilters().add(Filter.beforeHandler("first", exchange -> trace.add("first")));
        context.getFilters()
                .add(Filter.afterHandler("last", exchange -> trace.add("last " + exchange.getResponseCode())));
        context.getFilters().add(Filter.beforeHandler("second", exchange -> trace.add("second")));
        RawClient client = connect();
        client.get("/").receive();
        client.get("/").receive();

        // The second request begins when the first response is complete, so only the first trace is sure to be whole.
        assertThat(trace).startsWith("first", "second", "handler").contains("last 200");
    }

    @Test
    void aFilterMayAnswerInThePlaceOfTheHandler() throws Exception {
        HttpContext context = serveTraced();
        context.getFilters().add(new Filter() {
            @Override
            public void doFilter(HttpExchange exchange, Chain chain) throws java.io.IOException {
                answer(exchange, 418, "teapot");
            }

            @Override
            public String description() {
                return "answers";
            }
        });

        assertThat(connect().get("/").receive().status()).isEqualTo(418);
        assertThat(trace).isEmpty();
    }

    @Test
    void aFilterMayChangeTheRequestAndLeaveTheExchangeOurs() throws Exception {
        HttpContext context = serveTraced();
        context.setAuthenticator(new Authenticator() {
            @Override
            public Result authenticate(HttpExchange exchange) {
                String user = exchange.getRequestHeaders().getFirst("X-User");
                return new Success(new HttpPrincipal(user, "realm"));
            }
        });
        context.getFilters().add(Filter.adaptRequest("adapts", request -> request.with("X-User", List.of("adapted"))));

        assertThat(connect().get("/").receive().text()).isEqualTo("realm:adapted");
    }

    @Test
    void basicAuthenticationAsksAndLetsIn() throws Exception {
        HttpContext context = serveTraced();
        context.setAuthenticator(new BasicAuthenticator("realm") {
            @Override
            public boolean checkCredentials(String user, String password) {
                return user.equals("user") && password.equals("secret");
            }
        });
        RawClient client = connect();

        Response asked = client.send("POST / HTTP/1.1\r\nHost: t\r\nContent-Length: 3\r\n\r\nabc")
                .receive();
        assertThat(asked.status()).isEqualTo(401);
        assertThat(asked.header("WWW-Authenticate")).startsWith("Basic realm=\"realm\"");
        assertThat(trace).isEmpty();
        assertThat(client.send(withPassword("wrong")).receive().status()).isEqualTo(401);
        assertThat(client.send(withPassword("secret")).receive().text()).isEqualTo("realm:user");
    }

    private static String withPassword(String password) {
        String token = Base64.getEncoder().encodeToString(("user:" + password).getBytes(StandardCharsets.UTF_8));
        return "GET / HTTP/1.1\r\nHost: t\r\nAuthorization: Basic " + token + "\r\n\r\n";
    }

    @Test
    void theJdksReadyMadeHandlersWork() throws Exception {
        BatonHttpServer server = BatonHttpServer.create();
        server.createContext(
                "/",
                HttpHandlers.handleOrElse(
                        (Request request) -> request.getRequestMethod().equals("GET"),
                        HttpHandlers.of(200, com.sun.net.httpserver.Headers.of("X", "y"), "static"),
                        HttpHandlers.of(405, com.sun.net.httpserver.Headers.of("Allow", "GET"), "")));
        start(server, Transport.TCP);
        RawClient client = connect();

        assertThat(client.get("/").receive().text()).isEqualTo("static");
        Response refused = client.send("PUT / HTTP/1.1\r\nHost: t\r\nContent-Length: 3\r\n\r\nabc")
                .receive();
        assertThat(refused.status()).isEqualTo(405);
        assertThat(refused.header("Allow")).isEqualTo("GET");
        assertThat(client.get("/").receive().text()).isEqualTo("static");
    }
}
