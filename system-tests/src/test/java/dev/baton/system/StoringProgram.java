package dev.baton.system;

import dev.baton.posix.Descriptors;
import dev.baton.posix.Messages;
import dev.baton.posix.Sockets;
import java.net.InetSocketAddress;
import java.net.UnixDomainSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * A server that keeps its listener with its supervisor, by the protocols of sd_notify(3) and sd_listen_fds(3) alone: nothing of
 * Baton's core is in it. It answers each connection once, with its pid. Where a file {@code broken} is, it exits with 3.
 */
public final class StoringProgram {
    private static final String BODY = "hello";

    private StoringProgram() {}

    /**
     * Serves.
     *
     * @param arguments the port
     */
    public static void main(String[] arguments) throws Exception {
        if (Files.exists(Path.of("broken"))) {
            System.exit(3);
        }
        long pid = ProcessHandle.current().pid();
        int listener;
        if (Long.toString(pid).equals(System.getenv("LISTEN_PID"))) {
            System.out.println("took " + System.getenv("LISTEN_FDNAMES"));
            listener = 3;
        } else {
            InetSocketAddress address = new InetSocketAddress("127.0.0.1", Integer.parseInt(arguments[0]));
            listener = Sockets.streamFor(address);
            Sockets.reuseAddress(listener);
            Sockets.bind(listener, address);
            Sockets.listen(listener, 1024);
        }
        notify("FDSTORE=1\nFDNAME=web", listener);
        notify("READY=1");
        System.out.println("ready " + pid);
        byte[] response = ("HTTP/1.1 200 OK\r\nContent-Length: " + BODY.length() + "\r\nConnection: close\r\nPid: "
                        + pid + "\r\n\r\n" + BODY)
                .getBytes(StandardCharsets.US_ASCII);
        while (true) {
            Descriptors.awaitReadable(new int[] {listener}, -1);
            int connection = Sockets.accept(listener);
            // The request is there or comes at once, in one piece.
            Descriptors.awaitReadable(new int[] {connection}, -1);
            Messages.receiveBytes(connection, 64 * 1024);
            Descriptors.write(connection, response, response.length);
            Descriptors.close(connection);
        }
    }

    private static void notify(String message, int... descriptors) throws Exception {
        int socket = Sockets.unix(Sockets.Type.DATAGRAM);
        Messages.sendTo(
                socket,
                UnixDomainSocketAddress.of(System.getenv("NOTIFY_SOCKET")),
                message.getBytes(StandardCharsets.UTF_8),
                descriptors);
        Descriptors.close(socket);
    }
}
