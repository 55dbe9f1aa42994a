package dev.baton.benchmarks;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.baton.ListenAddress;
import dev.baton.Listener;
import dev.baton.Listeners;
import dev.baton.drain.ShutdownResult;
import dev.baton.netty.Http1Connection;
import dev.baton.netty.NettyServer;
import dev.baton.testkit.ChildJvm;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelInitializer;
import io.netty.handler.codec.http.HttpServerCodec;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketAddress;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.LongUnaryOperator;

/**
 * How long a server that has been told to stop lives on after its last response.
 *
 * <p>A client has sent a request; the server is told to stop; the request is answered. What is measured begins with the
 * last byte of the answer, as the client reads it, and ends with the future of {@link NettyServer#shutdown}, in the same
 * process, or with the exit of the server's process, whose handler is one of {@code dev.baton.http}.
 */
final class ShutdownTimes {
    private static final Duration TIMEOUT = Duration.ofSeconds(30);
    private static final String HEAD = "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n";
    private static final String UPLOAD = "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\n\r\n";

    /** Not measured: the code is compiled meanwhile. */
    private static final int WARM_UP = 200;

    private final int shutdowns;
    private final int exits;

    ShutdownTimes(int shutdowns, int exits) {
        this.shutdowns = shutdowns;
        this.exits = exits;
    }

    List<String> run(Children children, Progress progress) throws IOException, InterruptedException {
        progress.say("%,d shutdowns".formatted(shutdowns));
        long[] toFuture = new long[shutdowns];
        long[] fromHandler = new long[shutdowns];
        for (int i = -WARM_UP; i < shutdowns; i++) {
            Times times = shutDown();
            if (i >= 0) {
                toFuture[i] = times.fromClient;
                fromHandler[i] = times.fromHandler;
            }
        }
        long[] toExit = new long[exits];
        for (int i = 0; i < exits; i++) {
            progress.say("exit %d of %d".formatted(i + 1, exits));
            toExit[i] = exit(children);
        }
        return List.of(
                "%-56s %8s %8s %8s".formatted("last response to the end, milliseconds", "p50", "p99", "max"),
                line("client has it, to the future of shutdown", toFuture) + "  goal: below 5",
                line("handler gives it, to the future of shutdown", fromHandler),
                line("client has it, to the exit of the process", toExit),
                "Go's Server.Shutdown polls, at most every 500 ms (net/http, shutdownPollIntervalMax); not run here");
    }

    private static String line(String what, long[] nanos) {
        long[] sorted = nanos.clone();
        Arrays.sort(sorted);
        LongUnaryOperator percentile = p -> sorted[(int) ((sorted.length - 1) * p / 100)];
        return "%-56s %8.3f %8.3f %8.3f"
                .formatted(
                        what,
                        percentile.applyAsLong(50) / 1e6,
                        percentile.applyAsLong(99) / 1e6,
                        percentile.applyAsLong(100) / 1e6);
    }

    /** @param fromClient may be negative: the future can be faster than the client */
    private record Times(long fromClient, long fromHandler) {}

    private static Times shutDown() throws IOException, InterruptedException {
        BlockingQueue<Runnable> answers = new LinkedBlockingQueue<>();
        try (Listener listener = Listeners.bind(ListenAddress.parse("127.0.0.1:0"), 0);
                RunningServer server = new RunningServer(listener, new GreetingHandler(answers::add));
                Socket client = connect(listener.localAddress())) {
            client.getOutputStream().write(HEAD.getBytes(UTF_8));
            Runnable answer = taken(answers);
            CompletableFuture<Long> done = server.netty.shutdown(TIMEOUT).thenApply(result -> {
                if (!(result instanceof ShutdownResult.Completed)) {
                    throw new IllegalStateException("the shutdown ended with " + result);
                }
                return System.nanoTime();
            });
            server.awaitParked();
            long answered = System.nanoTime();
            answer.run();
            long received = readAnswer(client);
            long finished = get(done);
            return new Times(finished - received, finished - answered);
        }
    }

    /** A server that accepts until it is closed. */
    private record RunningServer(NettyServer netty) implements AutoCloseable {
        RunningServer(Listener listener, ChannelHandler handler) throws IOException {
            this(NettyServer.builder()
                    .listener(listener)
                    .threads(1)
                    .childHandler(new ChannelInitializer<>() {
                        @Override
                        protected void initChannel(Channel channel) {
                            Http1Connection.install(channel.pipeline(), new HttpServerCodec());
                            channel.pipeline().addLast(handler);
                        }
                    })
                    .build());
            netty.resume().join();
        }

        /** The shutdown parks first; this comes behind it, in the same event loop. */
        void awaitParked() {
            netty.park().join();
        }

        @Override
        public void close() {
            netty.close();
        }
    }

    private static long exit(Children children) throws IOException, InterruptedException {
        ChildJvm server = children.add(ChildJvm.of(UploadServer.class)
                .jvmOptions("--enable-native-access=ALL-UNNAMED")
                .start());
        String line = server.awaitLine(ContenderServer.LISTENING, TIMEOUT).text();
        int port = Integer.parseInt(line.substring(ContenderServer.LISTENING.length()));
        try (Socket client = connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port))) {
            client.getOutputStream().write((UPLOAD + "x" + UPLOAD).getBytes(UTF_8));
            var _ = readAnswer(client);
            CompletableFuture<Long> ended = server.onExit().thenApply(_ -> System.nanoTime());
            server.signal("TERM");
            var _ = server.awaitLine(UploadServer.DRAINING, TIMEOUT);
            client.getOutputStream().write('x');
            long received = readAnswer(client);
            return get(ended) - received;
        } finally {
            server.close();
        }
    }

    private static Socket connect(SocketAddress address) throws IOException {
        Socket socket = new Socket();
        socket.connect(address);
        socket.setTcpNoDelay(true);
        socket.setSoTimeout((int) TIMEOUT.toMillis());
        return socket;
    }

    /** Returns the moment at which the last byte had come. */
    private static long readAnswer(Socket client) throws IOException {
        ByteArrayOutputStream answer = new ByteArrayOutputStream();
        byte[] buffer = new byte[1024];
        while (true) {
            int count = client.getInputStream().read(buffer);
            long now = System.nanoTime();
            if (count < 0) {
                throw new IOException("the server closed the connection before the answer: " + answer);
            }
            answer.write(buffer, 0, count);
            if (answer.toString(UTF_8).endsWith(Greeting.TEXT)) {
                return now;
            }
        }
    }

    private static Runnable taken(BlockingQueue<Runnable> answers) throws InterruptedException, IOException {
        Runnable answer = answers.poll(TIMEOUT.toSeconds(), TimeUnit.SECONDS);
        if (answer == null) {
            throw new IOException("the request did not arrive");
        }
        return answer;
    }

    private static long get(CompletableFuture<Long> moment) throws IOException, InterruptedException {
        try {
            return moment.get(TIMEOUT.toSeconds(), TimeUnit.SECONDS);
        } catch (ExecutionException | TimeoutException e) {
            throw new IOException("the server did not end", e);
        }
    }
}
