package dev.baton.system;

import static dev.baton.system.UnmodifiedServer.SOON;
import static org.assertj.core.api.Assertions.assertThat;

import dev.baton.testkit.Await;
import dev.baton.testkit.ChildJvm;
import dev.baton.testkit.ExpectedBody;
import dev.baton.testkit.Request;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The examples that know nothing of Baton, restarted by the agent as their READMEs say. */
class AgentExampleTest {
    private static final Path EXAMPLES = Path.of("../examples").toAbsolutePath().normalize();

    @TempDir
    private Path directory;

    private final int port = UnmodifiedServer.freePort();

    @Test
    void vertxIsRestartedUnderItsClients() throws Exception {
        restartsUnderLoad(
                example("vertx", "VertxHello").arguments(Integer.toString(port)), http(ExpectedBody.anything()));
    }

    @Test
    void grpcIsRestartedUnderItsClients() throws Exception {
        restartsUnderLoad(example("grpc", "GrpcHello").arguments(Integer.toString(port)), new UnmodifiedGrpcClients());
    }

    @Test
    void aServerOfSomebodyElseIsRestartedUnderItsClients() throws Exception {
        Path module = EXAMPLES.resolve("third-party");
        restartsUnderLoad(
                ChildJvm.ofJar(module.resolve("target/jetty-runner.jar"))
                        .arguments("--host", "127.0.0.1", "--port", Integer.toString(port))
                        .arguments(module.resolve("site").toString()),
                http(ExpectedBody.bytes("Hello\n".getBytes(StandardCharsets.US_ASCII))));
    }

    private static UnmodifiedClients http(ExpectedBody body) {
        return new UnmodifiedHttpClients(Request.get("/", body));
    }

    private static ChildJvm.Builder example(String name, String main) {
        Path target = EXAMPLES.resolve(name).resolve("target");
        return ChildJvm.ofMain("dev.baton.examples." + name + "." + main)
                .classPath(target.resolve("classes") + ":" + target.resolve("libraries") + "/*");
    }

    private void restartsUnderLoad(ChildJvm.Builder program, UnmodifiedClients clients) throws Exception {
        Path pidFile = directory.resolve("pid");
        String options = "pid-file=" + pidFile + ",run-dir=" + directory.resolve("run") + ",undo-window=0";
        try (ChildJvm child = program.withoutNativeAccess()
                .directory(directory)
                .jvmOptions("-javaagent:" + UnmodifiedServer.batonJar() + "=" + options)
                .start()) {
            child.awaitLine("generation 1 (pid", SOON);
            try (UnmodifiedClients.Load load = clients.start(new InetSocketAddress("127.0.0.1", port), false, 4)) {
                load.awaitAnswers(200);
                child.signal("HUP");
                Await.state("the successor is alone", SOON, () -> {
                    long pid = Long.parseLong(
                            Files.readString(pidFile, StandardCharsets.US_ASCII).strip());
                    return pid != child.pid() && child.processes().equals(List.of(pid));
                });
                load.awaitAnswers(200);
                UnmodifiedClients.Report report = load.stop();
                assertThat(report.failed()).as("%s", report).isZero();
            }
        }
    }
}
