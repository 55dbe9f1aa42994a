package dev.baton.spring;

import static org.assertj.core.api.Assertions.assertThat;

import dev.baton.RestartResult;
import dev.baton.State;
import dev.baton.UndoResult;
import java.time.Duration;
import java.util.List;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;
import org.springframework.boot.actuate.endpoint.web.WebEndpointResponse;

class BatonEndpointTest {
    @Test
    void aRestartThatFailedIsAnErrorAndSaysWhy() {
        WebEndpointResponse<BatonEndpoint.Outcome> response = BatonEndpoint.answer(new RestartResult.Failed(
                RestartResult.Cause.EXITED, "ended with exit status 1", List.of("no such table")));
        assertThat(response.getStatus()).isEqualTo(500);
        assertThat(response.getBody())
                .isEqualTo(new BatonEndpoint.Outcome(
                        "Failed", null, null, "EXITED: ended with exit status 1", List.of("no such table")));
        assertThat(BatonEndpoint.answer(new UndoResult.Failed("no descriptor is left"))
                        .getStatus())
                .isEqualTo(500);
    }

    @Test
    void aRefusalIsAConflictAndNamesWhoIsInTheWay() {
        WebEndpointResponse<BatonEndpoint.Outcome> parked =
                BatonEndpoint.answer(new RestartResult.NotServing(State.PARKED, OptionalLong.of(42)));
        assertThat(parked.getStatus()).isEqualTo(409);
        assertThat(parked.getBody())
                .isEqualTo(new BatonEndpoint.Outcome("NotServing", null, 42L, "this generation is PARKED", null));
        WebEndpointResponse<BatonEndpoint.Outcome> many =
                BatonEndpoint.answer(new RestartResult.TooManyGenerations(7, 43, Duration.ofMinutes(1)));
        assertThat(many.getStatus()).isEqualTo(409);
        assertThat(many.getBody())
                .isEqualTo(new BatonEndpoint.Outcome(
                        "TooManyGenerations", 7, 43L, "as many as allowed still drain", null));
        assertThat(BatonEndpoint.answer(new RestartResult.AlreadyInProgress()).getStatus())
                .isEqualTo(409);
        assertThat(BatonEndpoint.answer(new UndoResult.AlreadyInProgress()).getStatus())
                .isEqualTo(409);
    }
}
