package dev.baton.system;

import dev.baton.Baton;
import dev.baton.ListenAddress;
import dev.baton.Listener;
import dev.baton.tomcat.TomcatServer;
import java.nio.file.Files;
import java.nio.file.Path;
import org.apache.catalina.Context;
import org.apache.catalina.startup.Tomcat;

/** As {@link Service}, on embedded Tomcat, with the endpoints of {@link EndpointServlet}. */
final class TomcatService {
    private TomcatService() {}

    public static void main(String[] arguments) throws Exception {
        String[] script = Files.readString(Path.of(arguments[0])).strip().split(" ", 0);
        try (Baton baton = Baton.start()) {
            Listener listener = baton.listen(ListenAddress.parse(arguments[1]));
            TomcatServer server = TomcatServer.on(listener);
            server.protocol().setMaxKeepAliveRequests(-1); // Only a restart ends connections.
            Tomcat tomcat = new Tomcat();
            String directory = Files.createDirectories(Path.of(arguments[0]).resolveSibling("tomcat"))
                    .toString();
            tomcat.setBaseDir(directory);
            tomcat.setConnector(server.connector());
            Context context = tomcat.addContext("", directory);
            Tomcat.addServlet(context, "endpoints", new EndpointServlet(baton.generation()));
            context.addServletMappingDecoded("/", "endpoints");
            tomcat.start();
            System.out.println(baton.generation() + " listens on " + listener.localAddress());
            Service.obey(script, baton.generation());
            baton.join(server);
            baton.ready();
            System.out.println(baton.generation() + " ready");
            baton.awaitExit();
            tomcat.stop();
        }
    }
}
