package dev.baton.http;

import dev.baton.testkit.ContractHandler;
import dev.baton.testkit.ContractOptions;
import dev.baton.testkit.GracefulServerContract;
import dev.baton.testkit.ServerCapability;
import dev.baton.testkit.ServerUnderTest;
import java.io.IOException;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.Set;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** The contract of a graceful server, for HTTP/1.1 over each kind of socket. */
final class GracefulHttpServerTest {

    @Nested
    final class OverTcp extends Contract {
        OverTcp() {
            super(Transport.TCP);
        }
    }

    @Nested
    final class OverUnix extends Contract {
        OverUnix() {
            super(Transport.UNIX);
        }
    }

    @ExtendWith(LeakCheck.class)
    abstract static class Contract extends GracefulServerContract {
        @TempDir
        Path directory = Path.of("");

        private final Transport transport;

        Contract(Transport transport) {
            this.transport = transport;
        }

        @Override
        protected ServerUnderTest start(ContractOptions options, ContractHandler handler) throws IOException {
            return HttpServerUnderTest.start(transport.address(directory), options, handler);
        }

        @Override
        protected Set<ServerCapability> capabilities() {
            return EnumSet.complementOf(EnumSet.of(ServerCapability.HIJACK));
        }
    }
}
