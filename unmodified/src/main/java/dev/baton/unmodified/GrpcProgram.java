package dev.baton.unmodified;

import io.grpc.MethodDescriptor;
import io.grpc.Server;
import io.grpc.ServerServiceDefinition;
import io.grpc.netty.shaded.io.grpc.netty.NettyServerBuilder;
import io.grpc.stub.ServerCalls;
import io.grpc.stub.StreamObserver;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.TimeUnit;

/**
 * On gRPC, on the Netty that it brings, with the shutdown hook of gRPC's examples. Its service {@code Hello} has the methods
 * {@code Hello}, which answers with its pid, and {@code Slow}, the same after three seconds.
 */
final class GrpcProgram {
    private static final long MOST_SECONDS = 30;

    private GrpcProgram() {}

    public static void main(String[] arguments) throws IOException, InterruptedException {
        Answers.exitIfBroken();
        Server server = NettyServerBuilder.forAddress(
                        new InetSocketAddress("127.0.0.1", Integer.parseInt(arguments[0])))
                .addService(ServerServiceDefinition.builder("Hello")
                        .addMethod(method("Hello"), ServerCalls.asyncUnaryCall((_, out) -> answer("/", out)))
                        .addMethod(method("Slow"), ServerCalls.asyncUnaryCall((_, out) -> answer("/slow", out)))
                        .build())
                .build()
                .start();
        Runtime.getRuntime().addShutdownHook(new Thread(() -> stop(server)));
        server.awaitTermination();
    }

    private static void stop(Server server) {
        try {
            if (!server.shutdown().awaitTermination(MOST_SECONDS, TimeUnit.SECONDS)) {
                var _ = server.shutdownNow();
            }
        } catch (InterruptedException e) {
            var _ = server.shutdownNow();
        }
    }

    private static MethodDescriptor<String, String> method(String name) {
        return MethodDescriptor.<String, String>newBuilder()
                .setType(MethodDescriptor.MethodType.UNARY)
                .setFullMethodName(MethodDescriptor.generateFullMethodName("Hello", name))
                .setRequestMarshaller(new Text())
                .setResponseMarshaller(new Text())
                .build();
    }

    private static void answer(String path, StreamObserver<String> out) {
        try {
            Answers.work(path);
            out.onNext(Answers.PID);
            out.onCompleted();
        } catch (InterruptedException e) {
            out.onError(e);
        }
    }

    private static final class Text implements MethodDescriptor.Marshaller<String> {
        @Override
        public InputStream stream(String value) {
            return new ByteArrayInputStream(value.getBytes(StandardCharsets.US_ASCII));
        }

        @Override
        public String parse(InputStream stream) {
            try {
                return new String(stream.readAllBytes(), StandardCharsets.US_ASCII);
            } catch (IOException e) {
                throw new IllegalStateException(e);
            }
        }
    }
}
