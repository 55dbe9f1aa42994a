package dev.baton.spring;

import static dev.baton.spring.RunningApplication.SOON;
import static dev.baton.spring.RunningApplication.request;
import static org.assertj.core.api.Assertions.assertThat;

import dev.baton.spring.RunningApplication.Server;
import dev.baton.testkit.Answer;
import dev.baton.testkit.ExpectedBody;
import dev.baton.testkit.Request;
import dev.baton.testkit.StrictConnection;
import java.io.File;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What Actuator says of a generation, and what it does, with real processes. */
@Timeout(600)
class ActuatorTest {
    private static final String EXPOSED = "management.endpoints.web.exposure.include=*";
    private static final String DETAILS = "management.endpoint.health.show-details=always";

    @TempDir
    private Path directory;

    @Test
    void aGenerationThatDrainsBecauseTheServiceEndsIsOutOfService() throws Exception {
        Path gate = directory.resolve("gate");
        Request slow = request("/slow?" + gate);
        try (RunningApplication application = RunningApplication.start(
                        Server.TOMCAT,
                        directory,
                        DETAILS,
                        "management.endpoint.health.group.readiness.include=readinessState,baton");
                StrictConnection client = StrictConnection.open(application.address());
                StrictConnection probe = StrictConnection.open(application.address());
                StrictConnection readiness = StrictConnection.open(application.address())) {
            Answer before = ask(probe, get("health"));
            assertThat(before.status()).isEqualTo(200);
            assertThat(before.text()).contains("\"generation\":1", "\"state\":\"SERVING\"");
            assertThat(ask(readiness, get("health/readiness")).status()).isEqualTo(200);
            client.send(slow);
            application.child().awaitLine("1 handles /slow", SOON);
            application.child().signal("TERM");
            application.child().awaitLine("stop requested", SOON);
            Answer draining = ask(probe, get("health"));
            assertThat(draining.status()).isEqualTo(503);
            assertThat(draining.text()).contains("OUT_OF_SERVICE", "\"state\":\"STOPPING\"");
            assertThat(ask(readiness, get("health/readiness")).status()).isEqualTo(503);
            Files.createFile(gate);
            assertThat(((Answer) client.receive(slow, SOON)).status()).isEqualTo(200);
            assertThat(application.child().awaitExit(SOON)).isZero();
        }
    }

    @Test
    void whoAsksForARestartOrItsUndoHearsTheOutcomeAndTheMetersOfTheServiceGoOn() throws Exception {
        try (RunningApplication application = RunningApplication.start(
                        Server.TOMCAT,
                        directory,
                        EXPOSED,
                        DETAILS,
                        "management.endpoint.baton.access=unrestricted",
                        "baton.undo-window=60s");
                StrictConnection probe = StrictConnection.open(application.address())) {
            InetSocketAddress address = application.address();
            assertThat(ask(probe, get("health")).text()).contains("\"generation\":1", "\"state\":\"SERVING\"");
            assertMeters(address, 1, 0);

            Answer switched = ask(address, post("baton/restart"));
            assertThat(switched.status()).isEqualTo(200);
            assertThat(switched.text()).startsWith("{\"outcome\":\"Switched\",\"generation\":2,\"pid\":");
            assertThat(switched.announcesClose()).isTrue();
            Answer parked = ask(probe, get("health"));
            assertThat(parked.status()).as("the service serves").isEqualTo(200);
            assertThat(parked.text()).contains("\"generation\":1", "\"state\":\"PARKED\"");
            assertThat(parked.announcesClose()).isTrue();
            assertThat(ask(address, get("baton")).text())
                    .contains("\"name\":\"shop\",\"generation\":2", "\"restarts\":1")
                    .contains("\"draining\":[{\"generation\":1,\"pid\":"
                            + application.child().pid());
            assertMeters(address, 2, 1);

            Answer undone = ask(address, post("baton/undo"));
            assertThat(undone.status()).isEqualTo(200);
            assertThat(undone.text()).startsWith("{\"outcome\":\"Undone\",\"generation\":1,\"pid\":");
            application.awaitEnd(2);
            assertMeters(address, 1, 1);
            Answer again = ask(address, post("baton/undo"));
            assertThat(again.status()).isEqualTo(409);
            assertThat(again.text()).contains("\"outcome\":\"NothingToUndo\"");
            assertThat(ask(address, post("baton/stop")).status()).isEqualTo(404);
        }
    }

    private static void assertMeters(InetSocketAddress address, int generation, int restarts) {
        assertThat(ask(address, get("metrics/baton.generation")).text())
                .contains("{\"statistic\":\"VALUE\",\"value\":" + generation + ".0}", "\"availableTags\":[]");
        assertThat(ask(address, get("metrics/baton.restarts")).text())
                .contains("{\"statistic\":\"COUNT\",\"value\":" + restarts + ".0}", "\"availableTags\":[]");
        assertThat(ask(address, get("metrics/baton.state?tag=state:serving")).text())
                .contains("\"value\":1.0");
        for (String name : new String[] {"process.uptime", "baton.state", "baton.generations.draining"}) {
            assertThat(ask(address, get("metrics/" + name)).text())
                    .contains("{\"tag\":\"generation\",\"values\":[\"" + generation + "\"]}");
        }
    }

    @Test
    void unlessItIsAllowedNothingCanBeChanged() throws Exception {
        try (RunningApplication application =
                RunningApplication.start(Server.TOMCAT, directory, EXPOSED, "baton.metrics.tag-generation=false")) {
            assertThat(ask(application.address(), post("baton/restart")).status())
                    .isEqualTo(405);
            assertThat(ask(application.address(), get("baton")).text()).contains("\"state\":\"SERVING\"");
            assertThat(ask(application.address(), get("metrics/process.uptime")).text())
                    .contains("\"availableTags\":[]");
        }
    }

    @Test
    void withoutActuatorAnApplicationRestartsAsEver() throws Exception {
        String classPath = Arrays.stream(System.getProperty("java.class.path").split(File.pathSeparator, 0))
                .filter(entry -> !entry.matches(".*/(micrometer-core|spring-boot-(actuator|health|micrometer))[^/]*"))
                .collect(Collectors.joining(File.pathSeparator));
        try (RunningApplication application = RunningApplication.start(
                RunningApplication.builder(directory).classPath(classPath), Server.TOMCAT, directory)) {
            application.restart(2);
            assertThat(ask(application.address(), request("/hello")).generation())
                    .hasValue(2);
        }
    }

    private static Request get(String path) {
        return Request.get("/actuator/" + path, ExpectedBody.anything());
    }

    private static Request post(String path) {
        return Request.withBody("POST", "/actuator/" + path, new byte[0], ExpectedBody.anything());
    }

    private static Answer ask(InetSocketAddress address, Request request) {
        return (Answer) StrictConnection.exchange(address, request, SOON);
    }

    private static Answer ask(StrictConnection client, Request request) throws Exception {
        client.send(request);
        return (Answer) client.receive(request, SOON);
    }
}
