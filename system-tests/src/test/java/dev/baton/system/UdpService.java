package dev.baton.system;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.baton.Baton;
import dev.baton.ListenAddress;
import dev.baton.Listener;
import dev.baton.netty.DatagramServer;
import dev.baton.testkit.Await;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.channel.socket.DatagramPacket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;

/**
 * Answers each datagram with the number of its generation and the datagram's own text: {@code UdpService GATE ADDRESS...}.
 * A successor is ready when the file GATE exists.
 */
final class UdpService {
    private UdpService() {}

    public static void main(String[] arguments) throws Exception {
        try (Baton baton = Baton.start()) {
            DatagramServer.Builder builder = DatagramServer.builder().handler(new Echo(baton.generation()));
            for (int i = 1; i < arguments.length; i++) {
                Listener listener = baton.listen(ListenAddress.parse(arguments[i]));
                builder.listener(listener);
                System.out.println(baton.generation() + " listens on " + listener.localAddress());
            }
            baton.join(builder.build());
            if (baton.generation() > 1) {
                Path gate = Path.of(arguments[0]);
                System.out.println(baton.generation() + " waits");
                Await.state("the gate opens", Duration.ofSeconds(60), () -> Files.exists(gate));
            }
            baton.ready();
            System.out.println(baton.generation() + " ready");
            baton.awaitExit();
        }
    }

    @ChannelHandler.Sharable
    private static final class Echo extends SimpleChannelInboundHandler<DatagramPacket> {
        private final int generation;

        Echo(int generation) {
            this.generation = generation;
        }

        @Override
        protected void channelRead0(ChannelHandlerContext ctx, DatagramPacket packet) {
            String answer = generation + " " + packet.content().toString(UTF_8);
            var _ = ctx.writeAndFlush(new DatagramPacket(Unpooled.copiedBuffer(answer, UTF_8), packet.sender()));
        }
    }
}
