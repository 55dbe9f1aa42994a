package dev.baton.unmodified;

import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import org.springframework.boot.ApplicationRunner;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.SpringBootConfiguration;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.context.annotation.Bean;
import org.springframework.http.HttpStatus;
import org.springframework.http.ResponseEntity;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RestController;
import reactor.core.publisher.Mono;

/** As {@link SpringProgram}, on WebFlux and Reactor Netty. */
@SpringBootConfiguration(proxyBeanMethods = false)
@EnableAutoConfiguration
@RestController
public class SpringReactiveProgram {
    private static final long WARM_UP_MILLIS = 500;
    private static final Duration SLOW = Duration.ofSeconds(3);

    private final CountDownLatch warm = new CountDownLatch(1);

    /** The arguments after the port are Spring's. */
    public static void main(String[] arguments) {
        Answers.exitIfBroken();
        String[] properties = arguments.clone();
        properties[0] = "--server.port=" + arguments[0];
        SpringApplication application = new SpringApplication(SpringReactiveProgram.class);
        application.setWebApplicationType(WebApplicationType.REACTIVE); // The class path could do both.
        application.run(properties);
    }

    @Bean
    ApplicationRunner warmUp() {
        return _ -> {
            Thread.sleep(WARM_UP_MILLIS);
            warm.countDown();
        };
    }

    @GetMapping("/")
    ResponseEntity<byte[]> hello() {
        HttpStatus status = warm.getCount() == 0 ? HttpStatus.OK : HttpStatus.SERVICE_UNAVAILABLE;
        return ResponseEntity.status(status).header(Answers.HEADER, Answers.PID).body(Answers.BODY);
    }

    @GetMapping("/slow")
    Mono<ResponseEntity<byte[]>> slow() {
        System.out.println("slow");
        return Mono.delay(SLOW).map(_ -> hello());
    }
}
