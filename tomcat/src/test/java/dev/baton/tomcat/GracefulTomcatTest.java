package dev.baton.tomcat;

import dev.baton.testkit.ContractHandler;
import dev.baton.testkit.ContractOptions;
import dev.baton.testkit.GracefulServerContract;
import dev.baton.testkit.ServerCapability;
import dev.baton.testkit.ServerUnderTest;
import java.util.EnumSet;
import java.util.Set;
import org.junit.jupiter.api.Nested;

/** The contract of a graceful server, for servlets of both kinds. */
final class GracefulTomcatTest {

    @Nested
    final class WithServletsThatBlock extends Contract {
        WithServletsThatBlock() {
            super(false);
        }
    }

    @Nested
    final class WithAsynchronousServlets extends Contract {
        WithAsynchronousServlets() {
            super(true);
        }
    }

    abstract static class Contract extends GracefulServerContract {
        private final boolean asynchronous;

        Contract(boolean asynchronous) {
            this.asynchronous = asynchronous;
        }

        @Override
        protected ServerUnderTest start(ContractOptions options, ContractHandler handler) throws Exception {
            return TomcatUnderTest.start(options, handler, asynchronous);
        }

        /** A servlet takes a connection when it has returned, and not within the exchange as the contract does. */
        @Override
        protected Set<ServerCapability> capabilities() {
            return EnumSet.of(ServerCapability.EXACT_BYTE_COUNTS, ServerCapability.TYPED_END);
        }
    }
}
