package dev.baton.cli;

import com.sun.net.httpserver.Filter;
import com.sun.net.httpserver.HttpServer;
import com.sun.net.httpserver.SimpleFileServer;
import dev.baton.Baton;
import dev.baton.ListenAddress;
import dev.baton.Listener;
import dev.baton.http.BatonHttpServer;
import dev.baton.http.BatonHttpsServer;
import dev.baton.http.HttpServerOptions;
import dev.baton.http.TlsOptions;
import java.io.IOException;
import java.io.PrintWriter;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

/** Serves the files of a directory with the JDK's own handler, on listeners that survive. */
final class FileService {
    /** Says in each response which generation gave it. */
    static final String GENERATION_HEADER = "Baton-Generation";

    private FileService() {}

    /** As the servers for HTTP and for HTTPS have it. */
    private interface Listening {
        Listener listen(ListenAddress address) throws IOException;
    }

    /** Serves from now on, over TLS if so asked; says so when this generation is the one that serves. */
    static void serve(
            Baton baton,
            Path root,
            List<ListenAddress> addresses,
            HttpServerOptions options,
            Optional<TlsOptions> tls,
            PrintWriter out)
            throws IOException {
        List<SocketAddress> bound;
        if (tls.isPresent()) {
            BatonHttpsServer server = BatonHttpsServer.create(options, tls.get());
            bound = start(server, baton, root, addresses, server::listen);
        } else {
            BatonHttpServer server = BatonHttpServer.create(options);
            bound = start(server, baton, root, addresses, server::listen);
        }
        String scheme = tls.isPresent() ? "https" : "http";
        out.println("serving " + root + " on "
                + bound.stream().map(address -> url(scheme, address)).collect(Collectors.joining(", "))
                + " (generation " + baton.generation() + ", pid "
                + ProcessHandle.current().pid() + ")");
        out.flush();
    }

    private static List<SocketAddress> start(
            HttpServer server, Baton baton, Path root, List<ListenAddress> addresses, Listening listening)
            throws IOException {
        List<SocketAddress> bound = new ArrayList<>();
        for (ListenAddress address : addresses) {
            bound.add(listening.listen(address).localAddress());
        }
        String generation = Integer.toString(baton.generation());
        server.createContext("/", SimpleFileServer.createFileHandler(root))
                .getFilters()
                .add(Filter.beforeHandler(
                        "names the generation",
                        exchange -> exchange.getResponseHeaders().set(GENERATION_HEADER, generation)));
        server.start();
        baton.ready();
        return bound;
    }

    /** How a client reaches an address. */
    static String url(String scheme, SocketAddress address) {
        if (address instanceof InetSocketAddress inet) {
            String host = inet.getAddress().getHostAddress();
            return scheme + "://" + (host.contains(":") ? "[" + host + "]" : host) + ":" + inet.getPort() + "/";
        }
        return "unix:" + address;
    }
}
