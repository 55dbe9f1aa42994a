package dev.baton.agent;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.lang.invoke.MethodHandles;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;

class ConstantPoolTest {
    private static final String ANSWER = "answer(IJ)Ljava/lang/String;";

    /** Called by {@link Caller}, until {@link Other} is. */
    static final class Called {
        private Called() {}

        static String answer(int number, long wide) {
            return "called " + number + " " + wide;
        }

        static String untouched() {
            return "untouched";
        }
    }

    static final class Other {
        private Other() {}

        static String answer(int number, long wide) {
            return "other " + number + " " + wide;
        }
    }

    /** Has constants of two indices before what is changed, and text that is not of ASCII. */
    static final class Caller implements Supplier<String> {
        @Override
        public String get() {
            return "ünïx " + Called.answer(7, 1L << 40) + " " + Called.untouched() + " " + 0.25;
        }
    }

    private static String name(Class<?> type) {
        return type.getName().replace('.', '/');
    }

    private static byte[] caller() throws IOException {
        try (InputStream in = ConstantPoolTest.class.getResourceAsStream("ConstantPoolTest$Caller.class")) {
            assertThat(in).isNotNull();
            return in.readAllBytes();
        }
    }

    @Test
    void callsOfTheNamedMethodsGoToTheOtherClass() throws Exception {
        Map<String, String> methods = Map.of(ANSWER, name(Called.class));
        assertThat(ConstantPool.called(caller(), methods)).containsExactly(ANSWER);
        byte[] changed = ConstantPool.redirect(caller(), methods, name(Other.class));
        Class<?> hidden = MethodHandles.lookup()
                .defineHiddenClass(changed, true, MethodHandles.Lookup.ClassOption.NESTMATE)
                .lookupClass();
        Supplier<?> caller = (Supplier<?>) hidden.getDeclaredConstructor().newInstance();
        assertThat(caller.get()).isEqualTo("ünïx other 7 1099511627776 untouched 0.25");
        assertThat(new Caller().get()).isEqualTo("ünïx called 7 1099511627776 untouched 0.25");
    }

    @Test
    void aClassThatCallsNoneOfThemStaysAsItIs() throws IOException {
        byte[] file = caller();
        for (Map<String, String> others : List.of(
                Map.of("other(IJ)Ljava/lang/String;", name(Called.class)),
                Map.of("answer(I)Ljava/lang/String;", name(Called.class)),
                Map.of(ANSWER, "java/lang/Nothing"))) {
            assertThat(ConstantPool.called(file, others)).isEmpty();
            assertThat(ConstantPool.redirect(file, others, name(Other.class))).isSameAs(file);
        }
    }
}
