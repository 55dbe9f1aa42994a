package dev.baton.benchmarks;

import com.sun.net.httpserver.Headers;
import com.sun.net.httpserver.HttpHandler;
import com.sun.net.httpserver.HttpHandlers;
import com.sun.net.httpserver.HttpServer;
import dev.baton.Baton;
import dev.baton.ListenAddress;
import dev.baton.Listener;
import dev.baton.http.BatonHttpServer;
import dev.baton.netty.Http1Connection;
import dev.baton.netty.NettyServer;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollServerSocketChannel;
import io.netty.handler.codec.http.HttpServerCodec;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.util.concurrent.Executor;
import java.util.concurrent.Executors;

/** One {@link Contender} in a process of its own, on a free port of the loopback address, which it prints. */
final class ContenderServer {
    /** Precedes the port in the line that says that the server is there. */
    static final String LISTENING = "listening on port ";

    private static final InetAddress HOST = InetAddress.getLoopbackAddress();
    private static final ListenAddress ANY_PORT = ListenAddress.parse("127.0.0.1:0");

    private ContenderServer() {}

    /** {@code ContenderServer CONTENDER PORT}: serves until it is killed. The agent hands on no port that is 0. */
    public static void main(String[] arguments) throws Exception {
        InetSocketAddress requested = new InetSocketAddress(HOST, Integer.parseInt(arguments[1]));
        SocketAddress address = switch (Contender.valueOf(arguments[0])) {
            case NETTY, NETTY_WITH_AGENT -> netty(requested, Runnable::run);
            case NETTY_WITH_BATON -> nettyWithBaton(Runnable::run);
            case THREADS -> netty(requested, Thread::startVirtualThread);
            case THREADS_WITH_BATON -> nettyWithBaton(Thread::startVirtualThread);
            case HTTP_ALONE -> http();
            case HTTP -> httpWithBaton();
            case JDK, JDK_WITH_AGENT -> jdk(requested);
        };
        System.out.println(LISTENING + ((InetSocketAddress) address).getPort());
    }

    /** As many threads as {@link NettyServer} has: one accepts, and one for each processor serves. */
    private static SocketAddress netty(InetSocketAddress requested, Executor executor) throws InterruptedException {
        Channel listening = new ServerBootstrap()
                .group(
                        new MultiThreadIoEventLoopGroup(1, EpollIoHandler.newFactory()),
                        new MultiThreadIoEventLoopGroup(
                                Runtime.getRuntime().availableProcessors(), EpollIoHandler.newFactory()))
                .channel(EpollServerSocketChannel.class)
                .childHandler(plainPipeline(new GreetingHandler(executor)))
                .bind(requested)
                .sync()
                .channel();
        return listening.localAddress();
    }

    private static ChannelHandler plainPipeline(GreetingHandler handler) {
        return new ChannelInitializer<>() {
            @Override
            protected void initChannel(Channel channel) {
                channel.pipeline().addLast(new HttpServerCodec(), handler);
            }
        };
    }

    private static SocketAddress nettyWithBaton(Executor executor) throws IOException {
        Baton baton = Baton.start();
        Listener listener = baton.listen(ANY_PORT);
        NettyServer server = NettyServer.builder()
                .listener(listener)
                .childHandler(trackedPipeline(new GreetingHandler(executor)))
                .build();
        baton.join(server);
        baton.ready();
        return listener.localAddress();
    }

    private static ChannelHandler trackedPipeline(GreetingHandler handler) {
        return new ChannelInitializer<>() {
            @Override
            protected void initChannel(Channel channel) {
                Http1Connection.install(channel.pipeline(), new HttpServerCodec());
                channel.pipeline().addLast(handler);
            }
        };
    }

    private static SocketAddress http() throws IOException {
        BatonHttpServer server = BatonHttpServer.create(ANY_PORT);
        server.createContext("/", handler());
        server.start();
        return server.addresses().getFirst();
    }

    private static SocketAddress httpWithBaton() throws IOException {
        Baton baton = Baton.start();
        SocketAddress address = http();
        baton.ready();
        return address;
    }

    private static SocketAddress jdk(InetSocketAddress requested) throws IOException {
        HttpServer server = HttpServer.create(requested, 4096);
        if (server instanceof BatonHttpServer) {
            throw new IllegalStateException("the provider of the JDK was not chosen");
        }
        server.createContext("/", handler());
        server.setExecutor(Executors.newVirtualThreadPerTaskExecutor());
        server.start();
        return server.getAddress();
    }

    private static HttpHandler handler() {
        return HttpHandlers.of(200, Headers.of("Content-Type", Greeting.CONTENT_TYPE), Greeting.TEXT);
    }
}
