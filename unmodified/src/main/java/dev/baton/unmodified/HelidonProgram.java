package dev.baton.unmodified;

import io.helidon.http.HeaderNames;
import io.helidon.webserver.WebServer;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;

/** On Helidon's web server, which stops by its own shutdown hook. */
final class HelidonProgram {
    private HelidonProgram() {}

    public static void main(String[] arguments) {
        Answers.exitIfBroken();
        var _ = WebServer.builder()
                .host("127.0.0.1")
                .port(Integer.parseInt(arguments[0]))
                .routing(routes -> routes.get("/", HelidonProgram::hello).get("/slow", HelidonProgram::hello))
                .build()
                .start();
    }

    private static void hello(ServerRequest request, ServerResponse response) throws InterruptedException {
        Answers.work(request.path().path());
        response.header(HeaderNames.create(Answers.HEADER), Answers.PID).send(Answers.BODY);
    }
}
