package dev.baton.agent;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;

class ReadinessTest {
    private final AtomicBoolean listens = new AtomicBoolean();
    private final Readiness readiness = new Readiness(listens::get);

    private void listen() {
        listens.set(true);
        readiness.changed();
    }

    @Test
    void aProgramThatListensIsReady() {
        readiness.changed();
        assertThat(readiness.isReached()).isFalse();
        listen();
        assertThat(readiness.isReached()).isTrue();
    }

    @Test
    void anApplicationThatListensIsReadyWhenItsStartIsOver() {
        readiness.starts(1);
        listen();
        assertThat(readiness.isReached()).isFalse();
        readiness.starts(-1);
        assertThat(readiness.isReached()).isTrue();
    }

    @Test
    void oneThatIsStartedInTheCourseOfAnotherDoesNotStandForIt() {
        readiness.starts(1);
        readiness.starts(1);
        readiness.starts(-1);
        listen();
        assertThat(readiness.isReached()).isFalse();
        readiness.starts(-1);
        assertThat(readiness.isReached()).isTrue();
    }

    @Test
    void anApplicationThatListensOnNothingYetIsNotReady() {
        readiness.starts(1);
        readiness.starts(-1);
        assertThat(readiness.isReached()).isFalse();
        listen();
        assertThat(readiness.isReached()).isTrue();
    }
}
