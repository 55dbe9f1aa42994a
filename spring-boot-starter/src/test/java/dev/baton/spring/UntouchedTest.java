package dev.baton.spring;

import static org.assertj.core.api.Assertions.assertThat;

import dev.baton.Baton;
import dev.baton.testkit.Answer;
import dev.baton.testkit.ExpectedBody;
import dev.baton.testkit.Request;
import dev.baton.testkit.StrictConnection;
import io.micrometer.core.instrument.MeterRegistry;
import java.net.InetSocketAddress;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.test.context.SpringBootTest;
import org.springframework.context.annotation.Configuration;

/** The tests of an application need not know that it has the starter. */
@SpringBootTest(
        webEnvironment = SpringBootTest.WebEnvironment.RANDOM_PORT,
        properties = {
            "management.endpoints.web.exposure.include=*",
            "management.endpoint.health.show-details=always",
            "management.endpoint.baton.access=unrestricted"
        })
class UntouchedTest {
    @Configuration(proxyBeanMethods = false)
    @EnableAutoConfiguration
    static class Application {}

    @Test
    void anApplicationUnderTestServesWithoutBaton(
            @Value("${local.server.port}") int port, @Autowired ObjectProvider<Baton> baton) {
        assertThat(ask(port, "/").status()).isEqualTo(404);
        assertThat(baton.getIfAvailable()).isNull();
        assertThat(Baton.current()).isEmpty();
    }

    @Test
    void actuatorHasNothingToSayOfBaton(
            @Value("${local.server.port}") int port,
            @Autowired MeterRegistry meters,
            @Autowired BatonMetrics measured) {
        Answer health = ask(port, "/actuator/health");
        assertThat(health.status()).isEqualTo(200);
        assertThat(health.text()).contains("\"baton\":{\"status\":\"UNKNOWN\"}", "\"status\":\"UP\"");
        assertThat(ask(port, "/actuator/baton").status()).isEqualTo(404);
        measured.bindTo(meters);
        assertThat(meters.getMeters())
                .isNotEmpty()
                .noneMatch(meter -> meter.getId().getName().startsWith("baton."))
                .noneMatch(meter -> meter.getId().getTag("generation") != null);
    }

    private static Answer ask(int port, String path) {
        Request request = Request.get(path, ExpectedBody.anything());
        return (Answer)
                StrictConnection.exchange(new InetSocketAddress("127.0.0.1", port), request, Duration.ofSeconds(20));
    }
}
