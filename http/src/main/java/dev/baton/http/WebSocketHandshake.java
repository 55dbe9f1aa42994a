package dev.baton.http;

import com.sun.net.httpserver.Headers;
import com.sun.net.httpserver.HttpExchange;
import io.netty.handler.codec.http.websocketx.extensions.WebSocketExtensionData;
import io.netty.handler.codec.http.websocketx.extensions.WebSocketExtensionUtil;
import io.netty.handler.codec.http.websocketx.extensions.WebSocketServerExtension;
import io.netty.handler.codec.http.websocketx.extensions.compression.PerMessageDeflateServerExtensionHandshaker;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/** The opening handshake on the server (RFC 6455, section 4.2). */
final class WebSocketHandshake {
    /** From RFC 6455, section 1.3. */
    private static final String GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

    private static final String VERSION = "13";
    private static final int KEY_BYTES = 16;

    private WebSocketHandshake() {}

    /**
     * A request that becomes a WebSocket.
     *
     * @param subprotocol empty if none was agreed on
     */
    record Agreed(String subprotocol, Optional<WebSocketServerExtension> compression) {}

    /** Puts the answer's headers into the exchange, or answers by itself and gives nothing. */
    static Optional<Agreed> agree(HttpExchange exchange, WebSocketOptions options) throws IOException {
        Headers asked = exchange.getRequestHeaders();
        Headers answer = exchange.getResponseHeaders();
        if (!exchange.getRequestMethod().equals("GET")) {
            answer.set("Allow", "GET");
            return refuse(exchange, 405, "A WebSocket begins with GET");
        }
        boolean isUpgrade = list(asked, "Upgrade").anyMatch("websocket"::equalsIgnoreCase)
                && list(asked, "Connection").anyMatch("upgrade"::equalsIgnoreCase);
        boolean isVersion = list(asked, "Sec-WebSocket-Version").toList().equals(List.of(VERSION));
        if (!isUpgrade || !isVersion) {
            // Section 4.4: the version that the server speaks. RFC 9110, section 15.5.22: the protocol to upgrade to.
            answer.set("Sec-WebSocket-Version", VERSION);
            answer.set("Upgrade", "websocket");
            answer.set("Connection", "Upgrade");
            return refuse(exchange, 426, "This is a WebSocket, version " + VERSION);
        }
        List<String> keys = asked.getOrDefault("Sec-WebSocket-Key", List.of());
        if (keys.size() != 1 || !isKey(keys.getFirst().strip())) {
            return refuse(exchange, 400, "A WebSocket needs a Sec-WebSocket-Key of 16 bytes in Base64");
        }
        answer.set("Sec-WebSocket-Accept", accept(keys.getFirst().strip()));
        List<String> offered = list(asked, "Sec-WebSocket-Protocol").toList();
        Optional<String> subprotocol =
                options.subprotocols().stream().filter(offered::contains).findFirst();
        subprotocol.ifPresent(chosen -> answer.set("Sec-WebSocket-Protocol", chosen));
        Optional<WebSocketServerExtension> compression =
                options.compression() ? compression(asked, options) : Optional.empty();
        compression.ifPresent(chosen -> answer.set("Sec-WebSocket-Extensions", text(chosen.newReponseData())));
        return Optional.of(new Agreed(subprotocol.orElse(""), compression));
    }

    private static Optional<Agreed> refuse(HttpExchange exchange, int code, String reason) throws IOException {
        byte[] page = (reason + "\n").getBytes(StandardCharsets.US_ASCII);
        exchange.getResponseHeaders().set("Content-Type", "text/plain; charset=US-ASCII");
        exchange.sendResponseHeaders(code, page.length);
        try (exchange) {
            exchange.getResponseBody().write(page);
        }
        return Optional.empty();
    }

    private static Stream<String> list(Headers headers, String name) {
        return headers.getOrDefault(name, List.of()).stream()
                .flatMap(line -> Arrays.stream(line.split(",", -1)))
                .map(String::strip)
                .filter(each -> !each.isEmpty());
    }

    private static boolean isKey(String key) {
        try {
            return Base64.getDecoder().decode(key).length == KEY_BYTES;
        } catch (IllegalArgumentException e) {
            return false;
        }
    }

    private static String accept(String key) {
        try {
            MessageDigest sha1 = MessageDigest.getInstance("SHA-1");
            return Base64.getEncoder().encodeToString(sha1.digest((key + GUID).getBytes(StandardCharsets.US_ASCII)));
        } catch (NoSuchAlgorithmException e) {
            throw new AssertionError("every JDK has SHA-1", e);
        }
    }

    /** The first offer that can be met (RFC 7692, section 5.1); none if no offer can be read. */
    private static Optional<WebSocketServerExtension> compression(Headers asked, WebSocketOptions options) {
        int maxAllocation = (int) Math.min(Integer.MAX_VALUE, options.maxMessageSize());
        var handshaker = new PerMessageDeflateServerExtensionHandshaker(6, false, 15, true, false, maxAllocation);
        try {
            return asked.getOrDefault("Sec-WebSocket-Extensions", List.of()).stream()
                    .flatMap(line -> WebSocketExtensionUtil.extractExtensions(line).stream())
                    .flatMap(offer -> Optional.ofNullable(handshaker.handshakeExtension(offer)).stream())
                    .findFirst();
        } catch (NumberFormatException e) {
            return Optional.empty(); // A parameter that is no number: an offer to be declined (section 7.1).
        }
    }

    private static String text(WebSocketExtensionData extension) {
        StringBuilder text = new StringBuilder(extension.name());
        for (Map.Entry<String, String> parameter : extension.parameters().entrySet()) {
            text.append("; ").append(parameter.getKey());
            if (parameter.getValue() != null) {
                text.append('=').append(parameter.getValue());
            }
        }
        return text.toString();
    }
}
