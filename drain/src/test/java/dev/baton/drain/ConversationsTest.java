package dev.baton.drain;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class ConversationsTest {
    private static final Duration WINDOW = Duration.ofSeconds(10);

    private final ManualTimer timer = new ManualTimer();
    private final Conversations conversations = new Conversations(WINDOW, timer);

    /** Writes down what it is told. */
    private final class Talk implements ConversationControl {
        final List<String> told = new ArrayList<>();
        boolean counted = true;
        final @Nullable TrackedConversation tracked = conversations.open(this);

        @Override
        public void drain(DrainReason reason) {
            told.add(reason.name());
        }

        @Override
        public void resume() {
            told.add("resume");
        }

        @Override
        public boolean close() {
            told.add("close");
            end();
            return counted;
        }

        Optional<DrainReason> reason() {
            return tracked == null ? Optional.empty() : tracked.drainReason();
        }

        void end() {
            if (tracked != null) {
                tracked.ended();
            }
        }
    }

    private List<Talk> begin(int count) {
        List<Talk> talks = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            talks.add(new Talk());
        }
        return talks;
    }

    private static long told(List<Talk> talks) {
        return talks.stream().filter(each -> !each.told.isEmpty()).count();
    }

    @Test
    void theyAreToldOneAfterTheOtherOverTheWindow() {
        List<Talk> talks = begin(100);
        var _ = conversations.drain(DrainReason.SUCCEEDED);
        assertThat(told(talks)).isEqualTo(1);
        for (int second = 1; second < 10; second++) {
            timer.advance(Duration.ofSeconds(1));
            assertThat(told(talks)).isEqualTo(second * 10L + 1);
        }
        timer.advance(Duration.ofMillis(900));
        assertThat(talks).allSatisfy(each -> assertThat(each.told).containsExactly("SUCCEEDED"));
        assertThat(timer.scheduled()).isZero();
    }

    @Test
    void theReasonIsSeenFromTheTurnOnAndNotBefore() {
        List<Talk> talks = begin(2);
        var _ = conversations.drain(DrainReason.STOPPED);
        assertThat(talks.get(0).reason()).contains(DrainReason.STOPPED);
        assertThat(talks.get(1).reason()).isEmpty();
        timer.advance(WINDOW);
        assertThat(talks.get(1).reason()).contains(DrainReason.STOPPED);
    }

    @Test
    void theDrainCompletesWithTheLast() {
        List<Talk> talks = begin(2);
        CompletableFuture<DrainResult> drained = conversations.drain(DrainReason.SUCCEEDED);
        talks.get(0).end();
        assertThat(drained).isNotDone();
        talks.get(1).end();
        assertThat(drained).isCompletedWithValue(DrainResult.COMPLETED);
    }

    @Test
    void oneThatEndsBeforeItsTurnIsNotTold() {
        List<Talk> talks = begin(2);
        var _ = conversations.drain(DrainReason.SUCCEEDED);
        talks.get(1).end();
        timer.advance(WINDOW);
        assertThat(talks.get(1).told).isEmpty();
    }

    @Test
    void oneThatBeginsDuringTheDrainIsToldOnceAndWaitedFor() {
        assertThat(conversations.drain(DrainReason.SUCCEEDED)).isCompletedWithValue(DrainResult.COMPLETED);
        timer.advance(Duration.ofSeconds(4));
        Talk early = new Talk();
        assertThat(early.told).isEmpty();
        CompletableFuture<DrainResult> drained = conversations.drain(DrainReason.SUCCEEDED);
        timer.advance(Duration.ofSeconds(6));
        assertThat(early.told).containsExactly("SUCCEEDED");
        Talk late = new Talk();
        assertThat(late.told).containsExactly("SUCCEEDED");
        early.end();
        assertThat(drained).isNotDone();
        late.end();
        assertThat(drained).isCompletedWithValue(DrainResult.COMPLETED);
    }

    @Test
    void anUndoneDrainTellsNobodyMoreAndTakesBackWhatItSaid() {
        List<Talk> talks = begin(2);
        CompletableFuture<DrainResult> drained = conversations.drain(DrainReason.SUCCEEDED);
        conversations.resume();
        timer.advance(WINDOW);
        assertThat(drained).isCompletedWithValue(DrainResult.RESUMED);
        assertThat(talks.get(0).told).containsExactly("SUCCEEDED", "resume");
        assertThat(talks.get(0).reason()).isEmpty();
        assertThat(talks.get(1).told).isEmpty();
    }

    @Test
    void aSecondDrainAfterAnUndoneOneTellsAllAgain() {
        List<Talk> talks = begin(2);
        var _ = conversations.drain(DrainReason.SUCCEEDED);
        conversations.resume();
        var _ = conversations.drain(DrainReason.STOPPED);
        timer.advance(WINDOW);
        assertThat(talks.get(0).told).containsExactly("SUCCEEDED", "resume", "STOPPED");
        assertThat(talks.get(1).told).containsExactly("STOPPED");
    }

    @Test
    void closeCutsWhatIsLeftAndCountsItOnce() {
        List<Talk> talks = begin(4);
        talks.get(0).end();
        talks.get(1).counted = false;
        CompletableFuture<DrainResult> drained = conversations.drain(DrainReason.SUCCEEDED);
        assertThat(conversations.close()).isEqualTo(2);
        assertThat(conversations.close()).isZero();
        assertThat(drained).isCompletedWithValue(DrainResult.COMPLETED);
        assertThat(timer.scheduled()).isZero();
        assertThatThrownBy(Talk::new).isInstanceOf(ServerClosedException.class);
    }

    @Test
    void noneIsMissedAndNoneToldTwiceWhenTheyBeginWhileTheDrainDoes() throws Exception {
        for (int round = 0; round < 500; round++) {
            Conversations racing = new Conversations(Duration.ZERO, DrainTimer.system());
            AtomicInteger told = new AtomicInteger();
            ConversationControl control = new ConversationControl() {
                @Override
                public void drain(DrainReason reason) {
                    told.incrementAndGet();
                }

                @Override
                public void resume() {}

                @Override
                public boolean close() {
                    return false;
                }
            };
            Thread opener = Thread.ofVirtual().start(() -> {
                for (int i = 0; i < 20; i++) {
                    racing.open(control);
                }
            });
            var _ = racing.drain(DrainReason.SUCCEEDED);
            opener.join();
            assertThat(told).hasValue(20);
        }
    }
}
