package dev.baton.tomcat;

import dev.baton.Listener;
import dev.baton.drain.Connections;
import dev.baton.drain.DrainOptions;
import java.net.InetSocketAddress;
import java.util.Map;
import org.apache.coyote.Processor;
import org.apache.coyote.Request;
import org.apache.coyote.Response;
import org.apache.coyote.http11.Http11NioProtocol;

/**
 * Tomcat's {@code Http11NioProtocol} on a listener of Baton's. It has a constructor without arguments because Tomcat makes
 * protocols by the names of their classes: {@code new Connector(BatonHttp11Protocol.class.getName())}.
 *
 * <p>Tomcat's settings are as they are there, but for those of the listening socket ({@code acceptCount},
 * {@code unixDomainSocketPath}, {@code useInheritedChannel}), which mean nothing, and for {@code useSendfile}, which is off:
 * where the kernel sends a file Tomcat does not say when the response is over.
 */
public final class BatonHttp11Protocol extends Http11NioProtocol {
    private final BatonEndpoint endpoint;

    /** To be given its listener by {@link #serve} before Tomcat initialises it. */
    public BatonHttp11Protocol() {
        this(new BatonEndpoint());
    }

    private BatonHttp11Protocol(BatonEndpoint endpoint) {
        super(endpoint);
        this.endpoint = endpoint;
    }

    /** As {@link #serve(Listener, DrainOptions)}, with the default options. */
    public TomcatServer serve(Listener listener) {
        return serve(listener, DrainOptions.defaults());
    }

    /**
     * Has this protocol accept from a listener, which also says its address and its port: those that are set by other means
     * are not used. To be called once, before Tomcat initialises the connector.
     *
     * @return what takes part in restarts
     * @throws IllegalArgumentException if the listener is not one of TCP
     * @throws IllegalStateException if this protocol has a listener
     */
    public TomcatServer serve(Listener listener, DrainOptions options) {
        if (!(listener.localAddress() instanceof InetSocketAddress address)) {
            throw new IllegalArgumentException(listener.address() + " is no TCP address");
        }
        Connections connections = new Connections(options);
        endpoint.serve(listener, connections);
        setAddress(address.getAddress());
        setPort(address.getPort());
        return new TomcatServer(this, endpoint, listener, connections);
    }

    @Override
    protected Processor createProcessor() {
        return new TrackingProcessor(this, getAdapter());
    }

    boolean isDraining() {
        return endpoint.isDraining();
    }

    /**
     * Tomcat asks before it decides how a response with a body ends, also if its request was parsed before the drain: the
     * last moment to say that it is the last of its connection.
     *
     * <p>Where a response says so itself, Tomcat would mark the end of a body of unknown length by the end of the
     * connection, so that a client could not tell a response that was cut from a whole one. With trailer fields, even none,
     * it sends chunks.
     */
    @Override
    public boolean useCompression(Request request, Response response) {
        boolean compressed = super.useCompression(request, response);
        String version = request.protocol().toString();
        if (endpoint.isDraining() && version.startsWith("HTTP/1.")) {
            response.getMimeHeaders().setValue("Connection").setString("close");
            if (version.equals("HTTP/1.1")
                    && response.getContentLengthLong() < 0
                    && response.getTrailerFields() == null
                    && !request.getMethod().equals("HEAD")) {
                response.setTrailerFields(Map::of);
            }
        }
        return compressed;
    }
}
