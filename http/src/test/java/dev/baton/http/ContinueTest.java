package dev.baton.http;

import static org.assertj.core.api.Assertions.assertThat;

import dev.baton.http.RawClient.Response;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

/** {@code Expect: 100-continue}, RFC 9110, section 10.1.1. */
final class ContinueTest extends HttpServerTest {
    private static final String HEAD =
            "POST / HTTP/1.1\r\nHost: test\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n";

    @Test
    void theClientIsAskedForTheBodyWhenTheHandlerReads() throws Exception {
        serve(exchange ->
                answer(exchange, 200, new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8)));
        RawClient client = connect();

        for (int i = 0; i < 2; i++) {
            assertThat(client.send(HEAD).receive().status()).isEqualTo(100);
            assertThat(client.send("body").receive().text()).isEqualTo("body");
        }
    }

    @Test
    void aRefusalCostsNoBody() throws Exception {
        serve(exchange -> answer(exchange, 403, "no"));
        RawClient client = connect();

        Response response = client.send(HEAD).receive();

        assertThat(response.status()).isEqualTo(403);
        assertThat(response.header("Connection")).isEqualTo("close");
        assertThat(client.isAtEnd()).isTrue();
    }

    @Test
    void aHandlerThatAnnouncesSuccessBeforeItReadsGetsTheBody() throws Exception {
        serve(exchange -> {
            exchange.sendResponseHeaders(200, 4);
            exchange.getResponseBody().write(exchange.getRequestBody().readAllBytes());
            exchange.close();
        });
        RawClient client = connect();

        for (int i = 0; i < 2; i++) {
            assertThat(client.send(HEAD).receive().status()).isEqualTo(100);
            assertThat(client.send("body").receive().text()).isEqualTo("body");
        }
    }

    @Test
    void aClientThatDoesNotWaitIsNotAsked() throws Exception {
        serve(exchange ->
                answer(exchange, 200, new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8)));
        RawClient client = connect();

        Response first = client.send(HEAD + "body").receive();
        Response response = first.status() == 100 ? client.receive() : first;

        assertThat(response.text()).isEqualTo("body");
    }

    @Test
    void http10IsNotAsked() throws Exception {
        serve(exchange ->
                answer(exchange, 200, new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8)));
        RawClient client = connect().send(HEAD.replace("HTTP/1.1", "HTTP/1.0") + "body");

        assertThat(client.receive().text()).isEqualTo("body");
    }

    @Test
    void anExpectationWithoutBodyIsNothing() throws Exception {
        serve(exchange -> answer(exchange, 200, "" + exchange.getRequestBody().read()));
        RawClient client =
                connect().send("POST / HTTP/1.1\r\nHost: test\r\nExpect: 100-continue\r\nContent-Length: 0\r\n\r\n");

        assertThat(client.receive().text()).isEqualTo("-1");
    }
}
