package dev.baton.examples.tomcat;

import dev.baton.Baton;
import dev.baton.ListenAddress;
import dev.baton.tomcat.TomcatServer;
import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.apache.catalina.Context;
import org.apache.catalina.startup.Tomcat;

/** Says hello from a servlet; restarts on SIGHUP without its clients noticing. */
public final class TomcatHello {
    private TomcatHello() {}

    /** {@code TomcatHello [HOST:PORT]} */
    public static void main(String[] arguments) throws Exception {
        String address = arguments.length > 0 ? arguments[0] : "127.0.0.1:8080";
        Path directory = Files.createTempDirectory("tomcat");
        try (Baton baton = Baton.start()) {
            TomcatServer server = TomcatServer.on(baton.listen(ListenAddress.parse(address)));
            Tomcat tomcat = new Tomcat();
            tomcat.setBaseDir(directory.toString());
            tomcat.setConnector(server.connector());
            Context context = tomcat.addContext("", directory.toString());
            Tomcat.addServlet(context, "hello", new Hello(baton.generation()));
            context.addServletMappingDecoded("/", "hello");
            tomcat.start();
            baton.join(server);
            baton.ready();
            baton.awaitExit();
            tomcat.stop();
        } finally {
            delete(directory);
        }
    }

    private static void delete(Path directory) throws IOException {
        try (var files = Files.walk(directory)) {
            for (Path each : files.sorted((a, b) -> b.compareTo(a)).toList()) {
                Files.delete(each);
            }
        }
    }

    private static final class Hello extends HttpServlet {
        private static final long serialVersionUID = 1L;

        private final int generation;

        Hello(int generation) {
            this.generation = generation;
        }

        @Override
        protected void doGet(HttpServletRequest request, HttpServletResponse response) throws IOException {
            response.setContentType("text/plain");
            response.getWriter().print("Hello from generation " + generation + "\n");
        }
    }
}
