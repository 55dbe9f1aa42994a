package dev.baton.examples.vertx;

import io.vertx.core.Vertx;

/** Says hello; nothing here knows of restarts. */
public final class VertxHello {
    private VertxHello() {}

    /** {@code VertxHello [PORT]} */
    public static void main(String[] arguments) {
        int port = arguments.length > 0 ? Integer.parseInt(arguments[0]) : 8080;
        String greeting = "Hello from process " + ProcessHandle.current().pid() + "\n";
        Vertx vertx = Vertx.vertx();
        var _ = vertx.createHttpServer()
                .requestHandler(request -> {
                    var _ = request.response()
                            .putHeader("Content-Type", "text/plain")
                            .end(greeting);
                })
                .listen(port, "127.0.0.1")
                .onFailure(failure -> {
                    System.err.println("cannot listen: " + failure);
                    System.exit(1);
                });
    }
}
