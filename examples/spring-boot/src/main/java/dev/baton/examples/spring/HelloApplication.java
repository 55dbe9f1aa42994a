package dev.baton.examples.spring;

import dev.baton.Baton;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RestController;

/** Says hello; restarts on SIGHUP without its clients noticing, for which it has a dependency and no code. */
@SpringBootApplication
@RestController
public class HelloApplication {
    private final ObjectProvider<Baton> baton;

    /** Called by Spring. There is no Baton in a test, or on a platform that it does not run on. */
    public HelloApplication(ObjectProvider<Baton> baton) {
        this.baton = baton;
    }

    /** {@code HelloApplication [--server.port=PORT] ...} */
    public static void main(String[] arguments) {
        SpringApplication.run(HelloApplication.class, arguments);
    }

    /** The answer to {@code GET /}. */
    @GetMapping("/")
    public String hello() {
        return baton.stream()
                .findFirst()
                .map(running -> "Hello from generation " + running.generation() + "\n")
                .orElse("Hello\n");
    }
}
