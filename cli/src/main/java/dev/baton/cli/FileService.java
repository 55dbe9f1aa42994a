package dev.baton.cli;

import com.sun.net.httpserver.Filter;
import com.sun.net.httpserver.SimpleFileServer;
import dev.baton.Baton;
import dev.baton.ListenAddress;
import dev.baton.http.BatonHttpServer;
import java.io.IOException;
import java.io.PrintWriter;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;

/** Serves the files of a directory with the JDK's own handler, on listeners that survive. */
final class FileService {
    /** Says in each response which generation gave it. */
    static final String GENERATION_HEADER = "Baton-Generation";

    private FileService() {}

    /** Serves from now on; says so when this generation is the one that serves. */
    static void serve(Baton baton, Path root, List<ListenAddress> addresses, PrintWriter out) throws IOException {
        BatonHttpServer server = BatonHttpServer.create();
        for (ListenAddress address : addresses) {
            var _ = server.listen(address);
        }
        String generation = Integer.toString(baton.generation());
        server.createContext("/", SimpleFileServer.createFileHandler(root))
                .getFilters()
                .add(Filter.beforeHandler(
                        "names the generation",
                        exchange -> exchange.getResponseHeaders().set(GENERATION_HEADER, generation)));
        server.start();
        baton.ready();
        out.println("serving " + root + " on "
                + server.addresses().stream().map(FileService::url).collect(Collectors.joining(", "))
                + " (generation " + generation + ", pid "
                + ProcessHandle.current().pid() + ")");
        out.flush();
    }

    /** How a client reaches an address. */
    static String url(SocketAddress address) {
        if (address instanceof InetSocketAddress inet) {
            String host = inet.getAddress().getHostAddress();
            return "http://" + (host.contains(":") ? "[" + host + "]" : host) + ":" + inet.getPort() + "/";
        }
        return "unix:" + address;
    }
}
