package dev.baton.unmodified;

import jakarta.servlet.http.HttpServletRequest;
import java.util.concurrent.CountDownLatch;
import org.springframework.boot.ApplicationRunner;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.SpringBootConfiguration;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.context.annotation.Bean;
import org.springframework.http.HttpStatus;
import org.springframework.http.ResponseEntity;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RestController;

/**
 * A Spring Boot application on a servlet container. It listens a while before it can serve: until its runner is through it answers 503.
 */
@SpringBootConfiguration(proxyBeanMethods = false)
@EnableAutoConfiguration
@RestController
public class SpringProgram {
    private static final long WARM_UP_MILLIS = 500;

    private final CountDownLatch warm = new CountDownLatch(1);

    /** The arguments after the port are Spring's. */
    public static void main(String[] arguments) {
        Answers.exitIfBroken();
        String[] properties = arguments.clone();
        properties[0] = "--server.port=" + arguments[0];
        SpringApplication.run(SpringProgram.class, properties);
    }

    @Bean
    ApplicationRunner warmUp() {
        return _ -> {
            Thread.sleep(WARM_UP_MILLIS);
            warm.countDown();
        };
    }

    @GetMapping({"/", "/slow"})
    ResponseEntity<byte[]> hello(HttpServletRequest request) throws InterruptedException {
        Answers.work(request.getRequestURI());
        HttpStatus status = warm.getCount() == 0 ? HttpStatus.OK : HttpStatus.SERVICE_UNAVAILABLE;
        return ResponseEntity.status(status).header(Answers.HEADER, Answers.PID).body(Answers.BODY);
    }
}
