package dev.baton.system;

import dev.baton.Baton;
import dev.baton.ListenAddress;
import dev.baton.jetty.BatonConnector;
import dev.baton.testkit.Load;
import java.nio.file.Files;
import java.nio.file.Path;
import org.eclipse.jetty.io.Content;
import org.eclipse.jetty.server.Handler;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.util.Callback;

/** As {@link Service}, on Jetty; answers as {@link EndpointServlet}. */
final class JettyService {
    private JettyService() {}

    public static void main(String[] arguments) throws Exception {
        String[] script = Files.readString(Path.of(arguments[0])).strip().split(" ", 0);
        try (Baton baton = Baton.start()) {
            Server jetty = new Server();
            var listener = baton.listen(ListenAddress.parse(arguments[1]));
            BatonConnector connector = new BatonConnector(jetty, listener);
            jetty.addConnector(connector);
            jetty.setHandler(new Endpoint(baton.generation()));
            jetty.start();
            System.out.println(baton.generation() + " listens on " + listener.localAddress());
            Service.obey(script, baton.generation());
            baton.join(connector.participant());
            baton.ready();
            System.out.println(baton.generation() + " ready");
            baton.awaitExit();
            jetty.stop();
        }
    }

    private static final class Endpoint extends Handler.Abstract {
        private final int generation;

        Endpoint(int generation) {
            this.generation = generation;
        }

        @Override
        public boolean handle(Request request, Response response, Callback callback) throws Exception {
            String path = request.getHttpURI().getPath();
            if (path.equals("/slow")) {
                System.out.println(generation + " handles " + path);
                Endpoints.awaitFile(Path.of(request.getHttpURI().getQuery()));
            }
            response.getHeaders().put(Load.GENERATION_HEADER, generation);
            Content.Sink.write(response, true, path, callback);
            return true;
        }
    }
}
