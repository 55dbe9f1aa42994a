package dev.baton.system;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetSocketAddress;
import java.net.SocketException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * Sends numbered datagrams, about 2,000 a second, and notes which generation answers each. It never sends one again, and
 * has at most {@value #WINDOW} without an answer, fewer than fit into the receive buffer of a socket: so the kernel has no
 * reason to drop one, and one that stays without an answer was lost.
 */
final class UdpClient implements AutoCloseable {
    private static final int WINDOW = 64;
    private static final long PAUSE_NANOS = 500_000;

    private final DatagramSocket socket = new DatagramSocket();
    private final Semaphore window = new Semaphore(WINDOW);
    private final Thread sender = Thread.ofPlatform().unstarted(this::send);
    private final Thread receiver = Thread.ofPlatform().unstarted(this::receive);
    private volatile boolean stopped;

    /** For each datagram the generations that have answered it. Guarded by itself. */
    private final List<List<Integer>> answers = new ArrayList<>();

    UdpClient(InetSocketAddress server) throws SocketException {
        socket.connect(server);
        sender.start();
        receiver.start();
    }

    private void send() {
        try {
            while (!stopped) {
                window.acquire();
                int number;
                synchronized (answers) {
                    number = answers.size();
                    answers.add(new ArrayList<>());
                }
                byte[] bytes = Integer.toString(number).getBytes(UTF_8);
                socket.send(new DatagramPacket(bytes, bytes.length));
                LockSupport.parkNanos(PAUSE_NANOS);
            }
        } catch (IOException | InterruptedException e) {
            // Closed by the test, as below.
        }
    }

    private void receive() {
        DatagramPacket packet = new DatagramPacket(new byte[100], 100);
        try {
            while (true) {
                socket.receive(packet);
                String[] words = new String(packet.getData(), 0, packet.getLength(), UTF_8).split(" ", 0);
                synchronized (answers) {
                    answers.get(Integer.parseInt(words[1])).add(Integer.parseInt(words[0]));
                }
                window.release();
            }
        } catch (IOException e) {
            // Closed by the test; a window that stays empty tells of anything else.
        }
    }

    /** How many have been sent, or are about to be. */
    int sent() {
        synchronized (answers) {
            return answers.size();
        }
    }

    /** Stops sending, and returns the generations that answered each datagram when no answer is outstanding. */
    List<List<Integer>> finish(Duration timeout) throws InterruptedException {
        stopped = true;
        sender.join();
        boolean complete = window.tryAcquire(WINDOW, timeout.toNanos(), TimeUnit.NANOSECONDS);
        synchronized (answers) {
            List<Integer> missing = new ArrayList<>();
            for (int i = 0; i < answers.size(); i++) {
                if (answers.get(i).isEmpty()) {
                    missing.add(i);
                }
            }
            if (!complete || !missing.isEmpty()) {
                throw new AssertionError("no answer to " + missing + " of " + answers.size() + " datagrams");
            }
            return List.copyOf(answers);
        }
    }

    @Override
    public void close() {
        stopped = true;
        window.release(); // For a sender that waits in vain.
        socket.close();
    }
}
