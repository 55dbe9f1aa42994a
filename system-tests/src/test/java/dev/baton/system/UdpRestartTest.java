package dev.baton.system;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.baton.testkit.Await;
import dev.baton.testkit.ChildJvm;
import dev.baton.testkit.OutputLine;
import dev.baton.testkit.ProcFs;
import dev.baton.testkit.Signals;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What becomes of datagrams when the service that answers them is restarted. */
class UdpRestartTest {
    private static final Duration SOON = Duration.ofSeconds(60);

    @TempDir
    private Path directory;

    private ChildJvm start(String address) throws Exception {
        return ChildJvm.of(UdpService.class)
                .environment("BATON_PID_FILE", directory.resolve("pid").toString())
                .environment("BATON_UNDO_WINDOW", "0") // An old process exits when it has drained.
                .environment("BATON_RUN_DIR", directory.resolve("run").toString())
                .arguments(directory.resolve("gate").toString(), address)
                .start();
    }

    private static InetSocketAddress address(ChildJvm child) throws Exception {
        String line = child.awaitLine("1 listens on", SOON).text();
        return new InetSocketAddress("127.0.0.1", Integer.parseInt(line.substring(line.lastIndexOf(':') + 1)));
    }

    private long publishedPid() throws Exception {
        return Long.parseLong(Files.readString(directory.resolve("pid")).strip());
    }

    @Test
    void everyDatagramIsAnsweredOnceThroughThreeRestartsAndByTheNewProcessAfterTheSwitch() throws Exception {
        Files.createFile(directory.resolve("gate"));
        try (ChildJvm child = start("udp:127.0.0.1:0")) {
            child.awaitLine("1 ready", SOON);
            Set<Long> inodes = ProcFs.udpInodes(child.pid());
            assertThat(inodes).hasSize(1);
            TreeMap<Integer, Integer> firstOfGeneration = new TreeMap<>();
            List<List<Integer>> answers;
            try (UdpClient client = new UdpClient(address(child))) {
                for (int next = 2; next <= 4; next++) {
                    long old = publishedPid();
                    Signals.send(old, "HUP");
                    child.awaitLine("switched to generation " + next, SOON);
                    firstOfGeneration.put(next, client.sent());
                    child.awaitLine(next + " ready", SOON);
                    Await.state("the old process has ended", SOON, () -> !ProcFs.running(old));
                    assertThat(ProcFs.udpInodes(publishedPid())).isEqualTo(inodes);
                }
                answers = client.finish(SOON);
            }
            Set<Integer> seen = new HashSet<>();
            for (int i = 0; i < answers.size(); i++) {
                assertThat(answers.get(i)).as("answers to datagram " + i).hasSize(1);
                int generation = answers.get(i).getFirst();
                seen.add(generation);
                var since = firstOfGeneration.floorEntry(generation + 1);
                assertThat(since == null || since.getKey() <= generation || i < since.getValue())
                        .as("datagram %d, answered by %d, with switches %s", i, generation, firstOfGeneration)
                        .isTrue();
            }
            assertThat(seen).containsExactlyInAnyOrder(1, 2, 3, 4);
            System.out.println(answers.size() + " datagrams were answered once each; switches at " + firstOfGeneration);
        }
    }

    @Test
    void datagramsThatComeWhileNobodyReadsAreAnsweredAfterTheRestart() throws Exception {
        try (ChildJvm child = start("udp:127.0.0.1:0");
                DatagramSocket client = new DatagramSocket()) {
            child.awaitLine("1 ready", SOON);
            client.connect(address(child));
            client.setSoTimeout((int) SOON.toMillis());
            Signals.send(child.pid(), "HUP");
            child.awaitLine("2 waits", SOON);
            // Nobody reads: the successor must not yet, and the parent is frozen.
            Signals.send(child.pid(), "STOP");
            Set<String> sent = new HashSet<>();
            for (int i = 0; i < 50; i++) {
                byte[] bytes = Integer.toString(i).getBytes(UTF_8);
                client.send(new DatagramPacket(bytes, bytes.length));
                sent.add(Integer.toString(i));
            }
            Files.createFile(directory.resolve("gate"));
            Signals.send(child.pid(), "CONT");
            DatagramPacket answer = new DatagramPacket(new byte[100], 100);
            while (!sent.isEmpty()) {
                client.receive(answer);
                String[] words = new String(answer.getData(), 0, answer.getLength(), UTF_8).split(" ", 0);
                assertThat(sent.remove(words[1]))
                        .as("first answer to " + words[1])
                        .isTrue();
            }
            child.awaitLine("2 ready", SOON);
        }
    }

    @Test
    void aSecondServiceOnThePortFailsClearlyAndTheFirstServesOn() throws Exception {
        try (ChildJvm first = start("udp:127.0.0.1:0")) {
            first.awaitLine("1 ready", SOON);
            InetSocketAddress address = address(first);
            try (ChildJvm second = ChildJvm.of(UdpService.class)
                    .environment("BATON_RUN_DIR", directory.resolve("run").toString())
                    .arguments(directory.resolve("gate").toString(), "udp:127.0.0.1:" + address.getPort())
                    .start()) {
                assertThat(second.awaitExit(SOON)).isEqualTo(1);
                assertThat(second.awaitAllOutput(SOON).stream().map(OutputLine::text))
                        .anyMatch(line -> line.endsWith("cannot listen on udp:127.0.0.1:" + address.getPort()
                                + ": the address is in use; stop the process that uses it or choose another"));
            }
            try (DatagramSocket client = new DatagramSocket()) {
                client.connect(address);
                client.setSoTimeout((int) SOON.toMillis());
                client.send(new DatagramPacket(new byte[] {'x'}, 1));
                DatagramPacket answer = new DatagramPacket(new byte[100], 100);
                client.receive(answer);
                assertThat(new String(answer.getData(), 0, answer.getLength(), UTF_8))
                        .isEqualTo("1 x");
            }
        }
    }
}
