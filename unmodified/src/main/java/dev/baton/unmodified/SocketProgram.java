package dev.baton.unmodified;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.AsynchronousServerSocketChannel;
import java.nio.channels.AsynchronousSocketChannel;
import java.nio.channels.Channels;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.ExecutionException;

/** By hand, with keep-alive: {@code SocketProgram PORT WAY}, where WAY is how its accept loop waits. */
final class SocketProgram {
    private static final int BACKLOG = 512;

    private SocketProgram() {}

    public static void main(String[] arguments) throws Exception {
        Answers.exitIfBroken();
        InetAddress host = InetAddress.getByName("127.0.0.1");
        int port = Integer.parseInt(arguments[0]);
        switch (arguments[1]) {
            case "virtual" -> {
                ServerSocket server = new ServerSocket(port, BACKLOG, host);
                Thread.ofVirtual().start(() -> acceptAll(server)).join();
            }
            case "platform" -> acceptAll(new ServerSocket(port, BACKLOG, host));
            case "timeout" -> {
                ServerSocket server = new ServerSocket(port, BACKLOG, host);
                server.setSoTimeout(1_000);
                acceptAll(server);
            }
            case "hasty" -> {
                ServerSocket server = new ServerSocket(port, BACKLOG, host);
                server.setSoTimeout(1); // Begins and ends to wait all the time.
                Thread.ofVirtual().start(() -> acceptAll(server)).join();
            }
            case "channel" -> {
                ServerSocketChannel server = ServerSocketChannel.open();
                server.bind(new InetSocketAddress(host, port), BACKLOG);
                server.configureBlocking(true);
                while (true) {
                    serve(server.accept().socket());
                }
            }
            case "path" -> acceptAtPath(Path.of(port + ".socket"));
            case "asynchronous" -> acceptAsynchronously(host, port);
            default -> throw new IllegalArgumentException(arguments[1]);
        }
    }

    /** As most do: removes what is there before, and its own at the end. */
    private static void acceptAtPath(Path path) throws IOException {
        Files.deleteIfExists(path);
        ServerSocketChannel server = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
        server.bind(UnixDomainSocketAddress.of(path), BACKLOG);
        System.out.println("at " + server.getLocalAddress());
        path.toFile().deleteOnExit();
        while (true) {
            SocketChannel accepted = server.accept();
            Thread.ofVirtual().start(() -> {
                try (accepted) {
                    talk(
                            new BufferedReader(new InputStreamReader(
                                    Channels.newInputStream(accepted), StandardCharsets.US_ASCII)),
                            Channels.newOutputStream(accepted));
                } catch (IOException | InterruptedException e) {
                    System.out.println("connection lost: " + e);
                }
            });
        }
    }

    private static void acceptAll(ServerSocket server) {
        while (true) {
            try {
                serve(server.accept());
            } catch (SocketTimeoutException e) {
                // As some do, to look whether they are to stop.
            } catch (IOException e) {
                throw new IllegalStateException(e);
            }
        }
    }

    private static void acceptAsynchronously(InetAddress host, int port)
            throws IOException, InterruptedException, ExecutionException {
        try (AsynchronousServerSocketChannel server = AsynchronousServerSocketChannel.open()) {
            server.bind(new InetSocketAddress(host, port), BACKLOG);
            while (true) {
                AsynchronousSocketChannel accepted = server.accept().get();
                Thread.ofVirtual().start(() -> {
                    try (accepted) {
                        talk(
                                new BufferedReader(new InputStreamReader(
                                        Channels.newInputStream(accepted), StandardCharsets.US_ASCII)),
                                Channels.newOutputStream(accepted));
                    } catch (IOException | InterruptedException e) {
                        System.out.println("connection lost: " + e);
                    }
                });
            }
        }
    }

    private static void serve(Socket accepted) {
        Thread.ofVirtual().start(() -> {
            try (accepted) {
                accepted.setTcpNoDelay(true);
                talk(
                        new BufferedReader(new InputStreamReader(accepted.getInputStream(), StandardCharsets.US_ASCII)),
                        accepted.getOutputStream());
            } catch (IOException | InterruptedException e) {
                System.out.println("connection lost: " + e);
            }
        });
    }

    private static void talk(BufferedReader in, OutputStream out) throws IOException, InterruptedException {
        boolean keep = true;
        while (keep) {
            String request = in.readLine();
            if (request == null) {
                return;
            }
            for (String header = in.readLine(); header != null && !header.isEmpty(); header = in.readLine()) {
                keep &= !header.equalsIgnoreCase("Connection: close");
            }
            Answers.work(request.split(" ", 0)[1]);
            String head = "HTTP/1.1 200 OK\r\nContent-Length: " + Answers.BODY.length + "\r\n" + Answers.HEADER + ": "
                    + Answers.PID + "\r\n" + (keep ? "" : "Connection: close\r\n") + "\r\n";
            out.write((head + new String(Answers.BODY, StandardCharsets.US_ASCII)).getBytes(StandardCharsets.US_ASCII));
            out.flush();
        }
    }
}
