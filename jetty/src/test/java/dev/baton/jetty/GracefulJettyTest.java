package dev.baton.jetty;

import dev.baton.testkit.ContractHandler;
import dev.baton.testkit.ContractOptions;
import dev.baton.testkit.GracefulServerContract;
import dev.baton.testkit.ServerCapability;
import dev.baton.testkit.ServerUnderTest;
import java.util.EnumSet;
import java.util.Set;

/** The contract of a graceful server, for a handler of Jetty's. */
final class GracefulJettyTest extends GracefulServerContract {
    @Override
    protected ServerUnderTest start(ContractOptions options, ContractHandler handler) throws Exception {
        return JettyUnderTest.start(options, handler);
    }

    /** A handler takes a connection when it has returned, and not within the exchange as the contract does. */
    @Override
    protected Set<ServerCapability> capabilities() {
        return EnumSet.of(ServerCapability.EXACT_BYTE_COUNTS, ServerCapability.TYPED_END);
    }
}
