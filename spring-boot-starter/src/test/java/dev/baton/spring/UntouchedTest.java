package dev.baton.spring;

import static org.assertj.core.api.Assertions.assertThat;

import dev.baton.Baton;
import dev.baton.testkit.Answer;
import dev.baton.testkit.ExpectedBody;
import dev.baton.testkit.Request;
import dev.baton.testkit.StrictConnection;
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
@SpringBootTest(webEnvironment = SpringBootTest.WebEnvironment.RANDOM_PORT)
class UntouchedTest {
    @Configuration(proxyBeanMethods = false)
    @EnableAutoConfiguration
    static class Application {}

    @Test
    void anApplicationUnderTestServesWithoutBaton(
            @Value("${local.server.port}") int port, @Autowired ObjectProvider<Baton> baton) {
        Request request = Request.get("/", ExpectedBody.anything());
        Answer answer = (Answer)
                StrictConnection.exchange(new InetSocketAddress("127.0.0.1", port), request, Duration.ofSeconds(20));
        assertThat(answer.status()).isEqualTo(404);
        assertThat(baton.getIfAvailable()).isNull();
        assertThat(Baton.current()).isEmpty();
    }
}
