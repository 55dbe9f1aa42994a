package dev.baton.examples.grpc;

import io.grpc.Server;
import io.grpc.ServerServiceDefinition;
import io.grpc.netty.shaded.io.grpc.netty.NettyServerBuilder;
import io.grpc.stub.ServerCalls;
import java.net.InetSocketAddress;
import java.util.concurrent.TimeUnit;

/** Answers with its pid; nothing here knows of restarts. */
public final class GrpcHello {
    private static final long STOP_SECONDS = 30;

    private GrpcHello() {}

    /** {@code GrpcHello [PORT]} */
    public static void main(String[] arguments) throws Exception {
        int port = arguments.length > 0 ? Integer.parseInt(arguments[0]) : 8080;
        String pid = Long.toString(ProcessHandle.current().pid());
        Server server = NettyServerBuilder.forAddress(new InetSocketAddress("127.0.0.1", port))
                .addService(ServerServiceDefinition.builder("Hello")
                        .addMethod(Hello.HELLO, ServerCalls.asyncUnaryCall((_, answer) -> {
                            answer.onNext(pid);
                            answer.onCompleted();
                        }))
                        .build())
                .build()
                .start();
        Runtime.getRuntime().addShutdownHook(new Thread(() -> {
            try {
                server.shutdown().awaitTermination(STOP_SECONDS, TimeUnit.SECONDS);
            } catch (InterruptedException e) {
                server.shutdownNow();
            }
        }));
        server.awaitTermination();
    }
}
