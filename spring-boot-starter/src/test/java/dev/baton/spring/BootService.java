package dev.baton.spring;

import dev.baton.Baton;
import dev.baton.testkit.Await;
import dev.baton.testkit.Load;
import jakarta.annotation.PreDestroy;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.ApplicationRunner;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnWebApplication;
import org.springframework.boot.web.server.context.WebServerInitializedEvent;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.event.EventListener;
import org.springframework.core.Ordered;
import org.springframework.http.RequestEntity;
import org.springframework.http.ResponseEntity;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.reactive.HandlerMapping;
import org.springframework.web.reactive.handler.SimpleUrlHandlerMapping;
import org.springframework.web.reactive.socket.WebSocketHandler;

/**
 * A small application. It answers with the path and the generation; {@code /slow} when the file that the query names is there;
 * {@code /exit} closes the context and exits with the status that the query says.
 */
@Configuration(proxyBeanMethods = false)
@EnableAutoConfiguration
class BootService {
    private static final Duration GATE_TIMEOUT = Duration.ofMinutes(2);

    public static void main(String[] arguments) {
        ConfigurableApplicationContext context = SpringApplication.run(BootService.class, arguments);
        System.out.println(context.getBean(Baton.class).generation() + " ready");
    }

    /** Does before it is ready what the file says. */
    @Bean
    ApplicationRunner script(ObjectProvider<Baton> baton) {
        return arguments -> {
            String[] words = Files.readString(
                            Path.of(arguments.getNonOptionArgs().getFirst()))
                    .strip()
                    .split(" ", 0);
            System.out.println(generation(baton) + " obeys");
            switch (words[0]) {
                case "serve" -> {}
                case "crash" -> throw new IllegalStateException("this release is broken");
                case "wait" -> awaitFile(Path.of(words[1]));
                default -> throw new IllegalArgumentException(words[0]);
            }
        };
    }

    /** 0 without Baton. */
    private static int generation(ObjectProvider<Baton> baton) {
        return baton.stream().mapToInt(Baton::generation).findFirst().orElse(0);
    }

    static void awaitFile(Path file) throws Exception {
        Await.state("the file " + file + " appears", GATE_TIMEOUT, () -> Files.exists(file));
    }

    /** On a reactive server, {@code /echo} is a WebSocket that says what it hears. */
    @Configuration(proxyBeanMethods = false)
    @ConditionalOnWebApplication(type = ConditionalOnWebApplication.Type.REACTIVE)
    static class WebSockets {
        @Bean
        HandlerMapping echo() {
            WebSocketHandler handler = session ->
                    session.send(session.receive().map(message -> session.textMessage(message.getPayloadAsText())));
            return new SimpleUrlHandlerMapping(Map.of("/echo", handler), Ordered.HIGHEST_PRECEDENCE);
        }
    }

    /** A component of the configuration around it. */
    @RestController
    static class Endpoints {
        private final int generation;
        private final ConfigurableApplicationContext context;

        Endpoints(ObjectProvider<Baton> baton, ConfigurableApplicationContext context) {
            this.generation = generation(baton);
            this.context = context;
        }

        @EventListener
        void started(WebServerInitializedEvent event) {
            String namespace = event.getApplicationContext().getServerNamespace();
            System.out.println(generation + " " + (namespace == null ? "serves" : namespace) + " on port "
                    + event.getWebServer().getPort());
        }

        @GetMapping("/**")
        ResponseEntity<String> path(RequestEntity<byte[]> request) {
            return ResponseEntity.ok()
                    .header(Load.GENERATION_HEADER, String.valueOf(generation))
                    .body(request.getUrl().getPath());
        }

        @GetMapping("/slow")
        ResponseEntity<String> slow(RequestEntity<byte[]> request) throws Exception {
            System.out.println(generation + " handles /slow");
            awaitFile(Path.of(request.getUrl().getQuery()));
            System.out.println(generation + " answers /slow");
            return path(request);
        }

        @GetMapping("/exit")
        ResponseEntity<String> exit(RequestEntity<byte[]> request) {
            int status = Integer.parseInt(request.getUrl().getQuery());
            // Else it would be a daemon, as Tomcat's threads are, and the JVM could end before it says how.
            Thread.ofPlatform().daemon(false).start(() -> System.exit(SpringApplication.exit(context, () -> status)));
            return path(request);
        }

        @PreDestroy
        void closed() {
            System.out.println(generation + " closed");
        }
    }
}
