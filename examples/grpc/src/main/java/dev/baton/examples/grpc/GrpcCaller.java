package dev.baton.examples.grpc;

import io.grpc.CallOptions;
import io.grpc.ManagedChannel;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;
import io.grpc.stub.ClientCalls;

/** Calls {@link GrpcHello} again and again, and says when another process answers. */
public final class GrpcCaller {
    private static final long PAUSE_MILLIS = 100;

    private GrpcCaller() {}

    /** {@code GrpcCaller [PORT]}; it ends with the first call that fails. */
    public static void main(String[] arguments) throws Exception {
        int port = arguments.length > 0 ? Integer.parseInt(arguments[0]) : 8080;
        ManagedChannel channel = NettyChannelBuilder.forAddress("127.0.0.1", port)
                .usePlaintext()
                .disableRetry()
                .build();
        String last = "";
        while (true) {
            String pid = ClientCalls.blockingUnaryCall(channel, Hello.HELLO, CallOptions.DEFAULT, "");
            if (!pid.equals(last)) {
                System.out.println("process " + pid + " answers");
                last = pid;
            }
            Thread.sleep(PAUSE_MILLIS);
        }
    }
}
