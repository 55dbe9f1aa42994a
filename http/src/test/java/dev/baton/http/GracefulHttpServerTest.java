package dev.baton.http;

import dev.baton.ListenAddress;
import dev.baton.testkit.ContractHandler;
import dev.baton.testkit.ContractOptions;
import dev.baton.testkit.GracefulServerContract;
import dev.baton.testkit.ServerCapability;
import dev.baton.testkit.ServerUnderTest;
import dev.baton.testkit.StrictConnection;
import dev.baton.testkit.TlsTransport;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.Set;
import javax.net.ssl.SSLContext;
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

    @Nested
    final class OverTls extends Contract {
        OverTls() {
            super(Transport.TCP);
        }

        @Override
        protected ServerUnderTest start(ContractOptions options, ContractHandler handler) throws Exception {
            SSLContext context = HttpsServerTest.certificate().serverContext();
            return HttpServerUnderTest.start(ListenAddress.parse("127.0.0.1:0"), context, options, handler);
        }

        @Override
        protected StrictConnection connect(ServerUnderTest server) throws Exception {
            TlsTransport transport = TlsTransport.connect(
                    server.address(), HttpsServerTest.certificate().clientContext());
            transport.handshake();
            InetSocketAddress address = (InetSocketAddress) server.address();
            return StrictConnection.over(transport, "127.0.0.1:" + address.getPort());
        }

        @Override
        protected Set<ServerCapability> capabilities() {
            return EnumSet.of(ServerCapability.HIJACK, ServerCapability.TYPED_END);
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
        protected ServerUnderTest start(ContractOptions options, ContractHandler handler) throws Exception {
            return HttpServerUnderTest.start(transport.address(directory), options, handler);
        }

        @Override
        protected Set<ServerCapability> capabilities() {
            return EnumSet.complementOf(EnumSet.of(ServerCapability.HIJACKED_OUTLIVES_CLOSE));
        }
    }
}
