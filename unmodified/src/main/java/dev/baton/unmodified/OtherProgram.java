package dev.baton.unmodified;

import com.sun.net.httpserver.HttpServer;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;

/** What is no server, or not only: {@code OtherProgram PORT WAY}. */
final class OtherProgram {
    private OtherProgram() {}

    public static void main(String[] arguments) throws Exception {
        int port = Integer.parseInt(arguments[0]);
        switch (arguments[1]) {
            case "client" -> {
                listenToServer(port);
                Thread.currentThread().join();
            }
            case "returns" -> listenToServer(port);
            case "exits" -> System.exit(7);
            case "probe" -> {
                new ServerSocket(port, 1, InetAddress.getLoopbackAddress()).close();
                ServerSocket anyPort = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
                serve(port);
                System.out.println("port 0 gave " + anyPort.getLocalPort());
            }
            case "stubborn" -> {
                Runtime.getRuntime().addShutdownHook(new Thread(OtherProgram::hang));
                serve(port);
            }
            default -> throw new IllegalArgumentException(arguments[1]);
        }
    }

    private static void listenToServer(int port) throws IOException {
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port);
                BufferedReader in =
                        new BufferedReader(new InputStreamReader(socket.getInputStream(), StandardCharsets.US_ASCII))) {
            System.out.println("heard " + in.readLine());
        }
    }

    private static void serve(int port) throws IOException {
        HttpServer server = HttpServer.create(new InetSocketAddress("127.0.0.1", port), 0);
        server.createContext("/", exchange -> {
            try (exchange) {
                exchange.sendResponseHeaders(200, Answers.BODY.length);
                exchange.getResponseBody().write(Answers.BODY);
            }
        });
        server.start();
    }

    private static void hang() {
        System.out.println("hook hangs");
        try {
            Thread.currentThread().join();
        } catch (InterruptedException e) {
            System.out.println("hook interrupted");
        }
    }
}
