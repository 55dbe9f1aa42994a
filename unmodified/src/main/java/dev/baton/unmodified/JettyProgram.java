package dev.baton.unmodified;

import java.nio.ByteBuffer;
import org.eclipse.jetty.server.Handler;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.eclipse.jetty.util.Callback;

/** On embedded Jetty, which stops by its own shutdown hook. */
final class JettyProgram {
    private JettyProgram() {}

    public static void main(String[] arguments) throws Exception {
        Answers.exitIfBroken();
        Server server = new Server();
        ServerConnector connector = new ServerConnector(server);
        connector.setHost("127.0.0.1");
        connector.setPort(Integer.parseInt(arguments[0]));
        server.addConnector(connector);
        server.setHandler(new Hello());
        server.setStopAtShutdown(true);
        server.start();
        server.join();
    }

    private static final class Hello extends Handler.Abstract {
        @Override
        public boolean handle(Request request, Response response, Callback callback) throws Exception {
            Answers.work(Request.getPathInContext(request));
            response.getHeaders().put(Answers.HEADER, Answers.PID);
            response.write(true, ByteBuffer.wrap(Answers.BODY), callback);
            return true;
        }
    }
}
