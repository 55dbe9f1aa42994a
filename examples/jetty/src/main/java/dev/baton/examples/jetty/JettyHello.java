package dev.baton.examples.jetty;

import dev.baton.Baton;
import dev.baton.ListenAddress;
import dev.baton.jetty.BatonConnector;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.io.Content;
import org.eclipse.jetty.server.Handler;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.util.Callback;

/** Says hello from a handler; restarts on SIGHUP without its clients noticing. */
public final class JettyHello {
    private JettyHello() {}

    /** {@code JettyHello [HOST:PORT]} */
    public static void main(String[] arguments) throws Exception {
        String address = arguments.length > 0 ? arguments[0] : "127.0.0.1:8080";
        try (Baton baton = Baton.start()) {
            Server jetty = new Server();
            BatonConnector connector = new BatonConnector(jetty, baton.listen(ListenAddress.parse(address)));
            jetty.addConnector(connector);
            jetty.setHandler(new Hello(baton.generation()));
            jetty.start();
            baton.join(connector.participant());
            baton.ready();
            baton.awaitExit();
            jetty.stop();
        }
    }

    private static final class Hello extends Handler.Abstract.NonBlocking {
        private final int generation;

        Hello(int generation) {
            this.generation = generation;
        }

        @Override
        public boolean handle(Request request, Response response, Callback callback) {
            response.getHeaders().put(HttpHeader.CONTENT_TYPE, "text/plain");
            Content.Sink.write(response, true, "Hello from generation " + generation + "\n", callback);
            return true;
        }
    }
}
