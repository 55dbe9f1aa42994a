package dev.baton.system;

import dev.baton.testkit.Http2Client;
import dev.baton.testkit.Http2Frame;
import java.io.IOException;
import java.net.InetSocketAddress;

/**
 * Clients of gRPC, one call at a time on a connection: on the frames of HTTP/2, because a library's client would send some
 * calls again. After a GOAWAY a client waits for what it has begun and goes on with a new connection, as the protocol has it.
 */
final class UnmodifiedGrpcClients implements UnmodifiedClients {
    /** Length-prefixed, as gRPC's messages are: not compressed, and empty. */
    private static final byte[] EMPTY_MESSAGE = new byte[5];

    @Override
    public Load start(InetSocketAddress address, boolean fresh, int connections) {
        return new CallLoad(address, fresh, connections);
    }

    @Override
    public SlowRequest slow(InetSocketAddress address) throws IOException {
        Http2Client client = connect(address);
        int stream = send(client, "Slow");
        return new SlowRequest() {
            @Override
            public int answerer() throws IOException {
                return receive(client, stream);
            }

            @Override
            public void close() throws IOException {
                client.close();
            }
        };
    }

    static Http2Client connect(InetSocketAddress address) throws IOException {
        return Http2Client.connect(address).preface();
    }

    private static int send(Http2Client client, String method) throws IOException {
        int stream =
                client.open("POST", "/Hello/" + method, false, "content-type", "application/grpc", "te", "trailers");
        client.send(Http2Frame.data(stream, true, EMPTY_MESSAGE));
        return stream;
    }

    /** Gives the pid that the answer names. */
    private static int receive(Http2Client client, int stream) throws IOException {
        Http2Client.Response response = client.response(stream);
        if (!response.whole() || !"0".equals(response.trailers().get("grpc-status"))) {
            throw new IOException("stream " + stream + " after " + client.goAways() + ": " + response);
        }
        return Integer.parseInt(response.text().substring(EMPTY_MESSAGE.length));
    }

    static int call(Http2Client client) throws IOException {
        return receive(client, send(client, "Hello"));
    }
}
