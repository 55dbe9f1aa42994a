package dev.baton.benchmarks;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The heap that an idle connection takes which has served a request, with Baton and without.
 *
 * <p>Live objects are counted by {@code jcmd GC.class_histogram}, before the connections are opened and after.
 */
final class MemoryComparison {
    private static final byte[] REQUEST = "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n".getBytes(UTF_8);

    /** {@code NUMBER: INSTANCES BYTES CLASS (MODULE)}. */
    private static final Pattern ROW = Pattern.compile("\\s*\\d+:\\s+\\d+\\s+(\\d+)\\s+(\\S+)");

    /** Enough to load all classes and to fill what is there once for each event loop. */
    private static final int WARM_UP = 200;

    private final int connections;

    MemoryComparison(int connections) {
        this.connections = connections;
    }

    /** The bytes of live objects by class, in the order of the class names. */
    private record Heap(SortedMap<String, Long> bytes) {
        Heap minus(Heap other) {
            SortedMap<String, Long> difference = new TreeMap<>(bytes);
            other.bytes.forEach((type, size) -> difference.merge(type, -size, Long::sum));
            return new Heap(difference);
        }

        long all() {
            return bytes.values().stream().mapToLong(Long::longValue).sum();
        }
    }

    List<String> run(Children children, Progress progress) throws IOException, InterruptedException {
        progress.say("memory of %,d connections".formatted(connections));
        Heap plain = ofConnections(Contender.NETTY, children);
        Heap added = ofConnections(Contender.NETTY_WITH_BATON, children).minus(plain);
        List<String> lines = new ArrayList<>();
        lines.add(line("heap of an idle connection, netty", plain.all()));
        lines.add(line("added by Baton", added.all()) + "  goal: at most 300");
        added.bytes.forEach((type, size) -> {
            // Less is no object for each connection but chance.
            if (Math.abs(perConnection(size)) >= 8) {
                lines.add(line("  " + type, size));
            }
        });
        return lines;
    }

    private String line(String what, long bytes) {
        return "%-56s %6d bytes".formatted(what, perConnection(bytes));
    }

    private long perConnection(long bytes) {
        return Math.round((double) bytes / connections);
    }

    private Heap ofConnections(Contender contender, Children children) throws IOException, InterruptedException {
        ContenderProcess server = ContenderProcess.start(contender, children);
        List<SocketChannel> open = new ArrayList<>();
        try {
            open(server.address(), WARM_UP, open);
            Heap before = heap(server);
            open(server.address(), connections, open);
            return heap(server).minus(before);
        } finally {
            for (SocketChannel channel : open) {
                channel.close();
            }
        }
    }

    private static void open(InetSocketAddress address, int count, List<SocketChannel> open) throws IOException {
        ByteBuffer answer = ByteBuffer.allocate(1024);
        for (int i = 0; i < count; i++) {
            SocketChannel channel = SocketChannel.open(address);
            open.add(channel);
            channel.write(ByteBuffer.wrap(REQUEST));
            answer.clear();
            while (!UTF_8.decode(answer.duplicate().flip()).toString().endsWith(Greeting.TEXT)) {
                if (channel.read(answer) < 0) {
                    throw new IOException("the server closed a connection without an answer");
                }
            }
        }
    }

    private static Heap heap(ContenderProcess server) throws IOException, InterruptedException {
        Path jcmd = Path.of(System.getProperty("java.home"), "bin", "jcmd");
        Process process = new ProcessBuilder(jcmd.toString(), Long.toString(server.pid()), "GC.class_histogram")
                .redirectErrorStream(true)
                .start();
        SortedMap<String, Long> bytes = new TreeMap<>();
        String output = new String(process.getInputStream().readAllBytes(), UTF_8);
        for (String line : output.lines().toList()) {
            Matcher row = ROW.matcher(line);
            if (row.lookingAt()) {
                bytes.merge(row.group(2), Long.parseLong(row.group(1)), Long::sum);
            }
        }
        if (process.waitFor() != 0 || bytes.isEmpty()) {
            throw new IOException("jcmd said: " + output.strip());
        }
        return new Heap(bytes);
    }
}
