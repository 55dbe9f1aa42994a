package dev.baton.testkit;

import java.io.IOException;

/**
 * The application that a rule of {@link GracefulServerContract} runs in the server: called for each request, on a thread
 * on which it may block.
 */
@FunctionalInterface
public interface ContractHandler {
    /**
     * Answers the exchange, or has another thread do so after it has returned.
     *
     * @throws IOException if the exchange fails, as the server itself reports it; this or anything else that is thrown is
     *     the failure of a handler, of which the server has to make what it always does
     */
    void handle(ContractExchange exchange) throws IOException;
}
