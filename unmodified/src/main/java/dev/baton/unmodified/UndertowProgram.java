package dev.baton.unmodified;

import io.undertow.Undertow;
import io.undertow.server.HttpServerExchange;
import io.undertow.server.handlers.BlockingHandler;
import io.undertow.util.HttpString;
import java.nio.ByteBuffer;

/** On Undertow, with a shutdown hook that stops it. */
final class UndertowProgram {
    private UndertowProgram() {}

    public static void main(String[] arguments) {
        Answers.exitIfBroken();
        Undertow undertow = Undertow.builder()
                .addHttpListener(Integer.parseInt(arguments[0]), "127.0.0.1")
                .setHandler(new BlockingHandler(UndertowProgram::hello))
                .build();
        Runtime.getRuntime().addShutdownHook(new Thread(undertow::stop));
        undertow.start();
    }

    private static void hello(HttpServerExchange exchange) throws InterruptedException {
        Answers.work(exchange.getRequestPath());
        exchange.getResponseHeaders().put(new HttpString(Answers.HEADER), Answers.PID);
        exchange.getResponseSender().send(ByteBuffer.wrap(Answers.BODY));
    }
}
