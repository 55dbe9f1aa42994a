package dev.baton.benchmarks;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.baton.testkit.ExpectedBody;
import dev.baton.testkit.Load;
import dev.baton.testkit.LoadMode;
import dev.baton.testkit.LoadReport;
import dev.baton.testkit.Request;
import dev.baton.testkit.RunningLoad;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;

/** The process behind {@link TestkitClient}: reads {@code PORT CONNECTIONS MILLIS}, prints what came of it. */
final class TestkitLoad {
    private TestkitLoad() {}

    /** Serves its standard input until that ends. */
    public static void main(String[] arguments) throws IOException, InterruptedException {
        BufferedReader commands = new BufferedReader(new InputStreamReader(System.in, UTF_8));
        String line;
        while ((line = commands.readLine()) != null) {
            String[] fields = line.split(" ", -1);
            LoadReport report = drive(
                    Integer.parseInt(fields[0]),
                    Integer.parseInt(fields[1]),
                    Duration.ofMillis(Long.parseLong(fields[2])));
            System.out.println(report.answered() + " " + report.failed() + " "
                    + report.duration().toNanos());
        }
    }

    private static LoadReport drive(int port, int connections, Duration duration) throws InterruptedException {
        Load load = Load.of(
                        new InetSocketAddress(InetAddress.getLoopbackAddress(), port),
                        Request.get("/", ExpectedBody.bytes(Greeting.bytes())))
                .mode(LoadMode.persistent())
                .connections(connections)
                .duration(duration);
        try (RunningLoad running = load.start()) {
            return running.join();
        }
    }
}
