package dev.baton.testkit;

import java.time.Duration;

/**
 * How a rule of {@link GracefulServerContract} wants its server to be set up.
 *
 * @param idlePolicy what becomes of idle connections at a shutdown
 * @param newConnectionGrace how long after its accept a connection that has sent nothing is left alone
 * @param idleGrace how long after the shutdown began an idle connection may stay where the policy lets it
 * @param headTimeout from the first byte of a request until its head must be complete
 */
public record ContractOptions(
        IdlePolicy idlePolicy, Duration newConnectionGrace, Duration idleGrace, Duration headTimeout) {

    /** What becomes of a connection without an outstanding request. */
    public enum IdlePolicy {
        /** It moves to a successor; without one, as {@link #CLOSE_AFTER_RESPONSE}. */
        MIGRATE,
        /** It stays until its next request is answered, or the idle grace is over. */
        CLOSE_AFTER_RESPONSE,
        /** It is closed at once. */
        CLOSE
    }

    /** {@link IdlePolicy#CLOSE_AFTER_RESPONSE}, 5 s for new connections, 30 s each for idle ones and for heads. */
    public static ContractOptions defaults() {
        return new ContractOptions(
                IdlePolicy.CLOSE_AFTER_RESPONSE, Duration.ofSeconds(5), Duration.ofSeconds(30), Duration.ofSeconds(30));
    }

    /** These, with another policy. */
    public ContractOptions with(IdlePolicy policy) {
        return new ContractOptions(policy, newConnectionGrace, idleGrace, headTimeout);
    }

    /** These, with another {@link #newConnectionGrace()}. */
    public ContractOptions withNewConnectionGrace(Duration grace) {
        return new ContractOptions(idlePolicy, grace, idleGrace, headTimeout);
    }

    /** These, with another {@link #idleGrace()}. */
    public ContractOptions withIdleGrace(Duration grace) {
        return new ContractOptions(idlePolicy, newConnectionGrace, grace, headTimeout);
    }

    /** These, with another {@link #headTimeout()}. */
    public ContractOptions withHeadTimeout(Duration timeout) {
        return new ContractOptions(idlePolicy, newConnectionGrace, idleGrace, timeout);
    }
}
