package dev.baton.unmodified;

import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpServerRequest;

/** On Vert.x: {@code VertxProgram PORT nio|epoll}, with a shutdown hook that closes it. */
final class VertxProgram {
    private static final long SLOW_MILLIS = 3_000;

    private VertxProgram() {}

    public static void main(String[] arguments) throws Exception {
        Answers.exitIfBroken();
        Vertx vertx = Vertx.vertx(new VertxOptions().setPreferNativeTransport(arguments[1].equals("epoll")));
        Runtime.getRuntime()
                .addShutdownHook(new Thread(() ->
                        vertx.close().toCompletionStage().toCompletableFuture().join()));
        var _ = vertx.createHttpServer()
                .requestHandler(request -> hello(vertx, request))
                .listen(Integer.parseInt(arguments[0]), "127.0.0.1")
                .toCompletionStage()
                .toCompletableFuture()
                .get();
    }

    private static void hello(Vertx vertx, HttpServerRequest request) {
        if ("/slow".equals(request.path())) {
            System.out.println("slow");
            var _ = vertx.setTimer(SLOW_MILLIS, _ -> answer(request));
        } else {
            answer(request);
        }
    }

    private static void answer(HttpServerRequest request) {
        var _ = request.response().putHeader(Answers.HEADER, Answers.PID).end(Buffer.buffer(Answers.BODY));
    }
}
