package dev.baton;

import dev.baton.testkit.Await;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;

/**
 * A service whose first generation, when the file that is its first argument is there, loads classes that it has not needed
 * before: those that its other arguments name. It prints what came of each.
 */
final class LateLoader {
    private LateLoader() {}

    public static void main(String[] arguments) throws Exception {
        try (Baton baton = Baton.start()) {
            baton.ready();
            System.out.println(baton.generation() + " ready");
            if (baton.generation() == 1) {
                Path gate = Path.of(arguments[0]);
                Await.state("the gate opens", Duration.ofSeconds(60), () -> Files.exists(gate));
                for (int i = 1; i < arguments.length; i++) {
                    System.out.println(arguments[i] + ": " + load(arguments[i]));
                }
                System.out.println("tried");
            }
            baton.awaitExit();
        }
    }

    private static String load(String name) {
        try {
            Class<?> late = Class.forName(name);
            return "loaded from the release of " + late.getMethod("release").invoke(null);
        } catch (ReflectiveOperationException | LinkageError e) {
            return "failed, " + e.getClass().getSimpleName();
        }
    }
}
