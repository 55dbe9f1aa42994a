package dev.baton.system;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Who may use whom. The module descriptors say much of it too, but an arrow that is added there by mistake is accepted by
 * the compiler; here it is not.
 */
class ArchitectureTest {
    /** Each of Baton's packages, and what it may use beyond itself, {@code java..} and the annotations of JSpecify. */
    private static final Map<String, List<String>> MAY_USE = Map.ofEntries(
            entry("dev.baton.posix"),
            entry("dev.baton", "dev.baton.posix", "jdk.jfr", "sun.misc"),
            entry("dev.baton.agent", "dev.baton", "dev.baton.posix", "javax.net.ssl"),
            entry("dev.baton.agent.premain"),
            entry("dev.baton.drain"),
            entry("dev.baton.netty", "dev.baton", "dev.baton.drain", "io.netty..", "javax.net.ssl"),
            entry(
                    "dev.baton.http",
                    "dev.baton",
                    "dev.baton.drain",
                    "dev.baton.netty",
                    "io.netty..",
                    "javax.net.ssl",
                    "com.sun.net.httpserver.."),
            entry(
                    "dev.baton.tomcat",
                    "dev.baton",
                    "dev.baton.drain",
                    "org.apache.catalina..",
                    "org.apache.coyote..",
                    "org.apache.tomcat.."),
            entry("dev.baton.jetty", "dev.baton", "dev.baton.drain", "javax.net.ssl", "org.eclipse.jetty.."),
            entry(
                    "dev.baton.spring",
                    "dev.baton",
                    "dev.baton.drain",
                    "dev.baton.jetty",
                    "dev.baton.netty",
                    "dev.baton.tomcat",
                    "io.micrometer..",
                    "io.netty..",
                    "org.apache.catalina..",
                    "org.apache.coyote..",
                    "org.apache.tomcat..",
                    "org.eclipse.jetty..",
                    "org.springframework..",
                    "reactor.."),
            entry("dev.baton.run", "dev.baton.posix", "com.sun.net.httpserver..", "sun.misc"),
            entry("dev.baton.testkit", "javax.net.ssl", "org.junit.jupiter.api.."),
            entry(
                    "dev.baton.cli",
                    "dev.baton",
                    "dev.baton.http",
                    "dev.baton.run",
                    "dev.baton.testkit",
                    "com.sun.net.httpserver..",
                    "picocli"),
            entry("dev.baton.examples", "dev.baton", "dev.baton.http", "com.sun.net.httpserver.."),
            entry("dev.baton.examples.jetty", "dev.baton", "dev.baton.jetty", "org.eclipse.jetty.."),
            entry("dev.baton.examples.netty", "dev.baton", "dev.baton.netty", "io.netty.."),
            entry("dev.baton.examples.spring", "dev.baton", "org.springframework.."),
            entry(
                    "dev.baton.examples.tomcat",
                    "dev.baton",
                    "dev.baton.tomcat",
                    "jakarta.servlet..",
                    "org.apache.catalina.."));

    private static final JavaClasses BATON = new ClassFileImporter()
            .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
            .importPackages("dev.baton");

    private static Map.Entry<String, List<String>> entry(String name, String... mayUse) {
        return Map.entry(name, List.of(mayUse));
    }

    static Stream<String> packages() {
        return MAY_USE.keySet().stream().sorted();
    }

    @Test
    void everyPackageHasItsRule() {
        assertThat(BATON.stream().map(JavaClass::getPackageName).collect(Collectors.toSet()))
                .isEqualTo(MAY_USE.keySet());
    }

    @ParameterizedTest
    @MethodSource("packages")
    void aPackageUsesWhatItMay(String name) {
        String[] allowed = Stream.concat(
                        Stream.of(name, "java..", "org.jspecify.annotations"),
                        MAY_USE.getOrDefault(name, List.of()).stream())
                .toArray(String[]::new);
        classes()
                .that()
                .resideInAPackage(name)
                .should()
                .onlyDependOnClassesThat()
                .resideInAnyPackage(allowed)
                .check(BATON);
    }

    @Test
    void onlyPosixUsesForeignFunctions() {
        noClasses()
                .that()
                .resideOutsideOfPackage("dev.baton.posix")
                .should()
                .dependOnClassesThat()
                .resideInAPackage("java.lang.foreign..")
                .check(BATON);
    }

    @Test
    void onlySignalsUsesSunMisc() {
        noClasses()
                .that()
                .doNotHaveFullyQualifiedName("dev.baton.Signals")
                .and()
                .doNotHaveFullyQualifiedName("dev.baton.run.Signals")
                .should()
                .dependOnClassesThat()
                .resideInAPackage("sun.misc..")
                .check(BATON);
    }

    @Test
    void onlyProgramsAndTestsPrint() {
        noClasses()
                .that()
                .resideOutsideOfPackages(
                        "dev.baton.agent..",
                        "dev.baton.cli",
                        "dev.baton.run",
                        "dev.baton.testkit",
                        "dev.baton.examples..")
                .should()
                .accessField(System.class, "out")
                .orShould()
                .accessField(System.class, "err")
                .orShould()
                .callMethod(Throwable.class, "printStackTrace")
                .because("what a library has to say goes to System.Logger")
                .check(BATON);
    }

    /**
     * A wall clock is set by hand and by the network, so no wait depends on it. Two classes read it: what one writes is for
     * people, the other compares the times of a file and a process, which are of that clock.
     */
    @Test
    void noWaitDependsOnTheWallClock() {
        noClasses()
                .that()
                .resideInAnyPackage("dev.baton", "dev.baton.agent", "dev.baton.drain", "dev.baton.netty")
                .and()
                .haveNameNotMatching("dev\\.baton\\.(OtherInstance|SystemdNotifier)")
                .should()
                .callMethod(System.class, "currentTimeMillis")
                .orShould()
                .dependOnClassesThat()
                .haveNameMatching(
                        "java\\.(util\\.(Date|Calendar|Timer)|time\\.(Instant|InstantSource|Clock|.*Date.*|Local.*))")
                .because("waits are limited by System.nanoTime")
                .check(BATON);
    }
}
