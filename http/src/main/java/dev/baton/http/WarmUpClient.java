package dev.baton.http;

import dev.baton.netty.NettyServer;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.handler.codec.http.DefaultFullHttpRequest;
import io.netty.handler.codec.http.HttpClientCodec;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpObject;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.HttpUtil;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.LastHttpContent;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * Asks a server that does not accept yet, and waits for each answer; for one thread.
 *
 * <p><b>Pace.</b> After each answer it pauses for as long as the answer took, so that it uses half a processor at most. The
 * colder the process, the longer the pauses; the parent, whose clients wait for the same processors, is served first.
 */
final class WarmUpClient {
    private static final List<String> ANY = List.of("/");

    /** What has become of a request. */
    private enum Answer {
        /** The connection can be used again. */
        WHOLE,
        /** The same, of a status from 400 on. */
        ERROR,
        /** The server closes after it. */
        LAST,
        CLOSED
    }

    private final NettyServer server;
    private final long deadline;
    private int answered;
    private int failed;

    private WarmUpClient(NettyServer server, Duration timeLimit) {
        this.server = server;
        this.deadline = System.nanoTime() + timeLimit.toNanos();
    }

    /**
     * Sends so many requests and returns when they are answered, or the time is over. A failure costs nothing but the
     * warmth.
     *
     * @return how many were answered
     */
    static int run(NettyServer server, WarmUp warmUp) {
        WarmUpClient client = new WarmUpClient(server, warmUp.timeLimit());
        long startedAt = System.nanoTime();
        try {
            client.ask(warmUp.paths().isEmpty() ? ANY : warmUp.paths(), warmUp.requests());
        } catch (IOException e) {
            Log.warmUpFailed(String.valueOf(e.getMessage()));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        if (!warmUp.paths().isEmpty()) {
            Log.warmedUp(client.answered, client.failed, Duration.ofNanos(System.nanoTime() - startedAt));
        }
        return client.answered;
    }

    private void ask(List<String> paths, int requests) throws IOException, InterruptedException {
        while (answered < requests) {
            Client client = new Client();
            Optional<Channel> connection = server.connectPrivately(client);
            if (connection.isEmpty() || !askOn(connection.get(), client.answers, paths, requests)) {
                return;
            }
        }
    }

    /** False if there is no use in another connection. */
    private boolean askOn(Channel connection, BlockingQueue<Answer> answers, List<String> paths, int requests)
            throws IOException, InterruptedException {
        try {
            while (answered < requests) {
                long begun = System.nanoTime();
                var _ = connection.writeAndFlush(request(paths.get(answered % paths.size())));
                Answer answer = answers.poll(deadline - begun, TimeUnit.NANOSECONDS);
                if (answer == null) {
                    return false; // The time is over.
                }
                if (answer == Answer.CLOSED) {
                    throw new IOException("the server has closed the connection without an answer");
                }
                answered++;
                failed += answer == Answer.ERROR ? 1 : 0;
                if (answer == Answer.LAST) {
                    return true;
                }
                LockSupport.parkNanos(System.nanoTime() - begun);
            }
            return false;
        } finally {
            connection.close().syncUninterruptibly();
        }
    }

    private static HttpRequest request(String path) {
        HttpRequest request = new DefaultFullHttpRequest(HttpVersion.HTTP_1_1, HttpMethod.GET, path);
        request.headers().set(HttpHeaderNames.HOST, "localhost").set(HttpHeaderNames.USER_AGENT, "baton-warm-up");
        return request;
    }

    /** The client's end of one connection. */
    private static final class Client extends ChannelInitializer<Channel> {
        private final BlockingQueue<Answer> answers = new LinkedBlockingQueue<>();

        @Override
        protected void initChannel(Channel channel) {
            channel.pipeline().addLast(new HttpClientCodec(), new Answers(answers));
        }
    }

    private static final class Answers extends SimpleChannelInboundHandler<HttpObject> {
        private final BlockingQueue<Answer> answers;
        private Answer answer = Answer.WHOLE;

        Answers(BlockingQueue<Answer> answers) {
            this.answers = answers;
        }

        @Override
        protected void channelRead0(ChannelHandlerContext ctx, HttpObject part) {
            if (part instanceof HttpResponse response) {
                boolean error = response.status().code() >= 400;
                answer = error ? Answer.ERROR : Answer.WHOLE;
                answer = HttpUtil.isKeepAlive(response) ? answer : Answer.LAST;
            }
            if (part instanceof LastHttpContent) {
                answers.add(answer);
            }
        }

        @Override
        public void channelInactive(ChannelHandlerContext ctx) {
            answers.add(Answer.CLOSED);
        }
    }
}
