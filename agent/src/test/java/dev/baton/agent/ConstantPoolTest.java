package dev.baton.agent;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.lang.invoke.MethodHandles;
import java.util.Set;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;

class ConstantPoolTest {

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
        byte[] changed = ConstantPool.redirect(caller(), name(Called.class), Set.of("answer"), name(Other.class));
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
        assertThat(ConstantPool.redirect(file, name(Called.class), Set.of("other"), name(Other.class)))
                .isSameAs(file);
        assertThat(ConstantPool.redirect(file, "java/lang/Nothing", Set.of("answer"), name(Other.class)))
                .isSameAs(file);
    }
}
