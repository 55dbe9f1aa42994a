package dev.baton.jetty;

import dev.baton.testkit.ContractHandler;
import dev.baton.testkit.ContractOptions;
import dev.baton.testkit.GracefulServerContract;
import dev.baton.testkit.ServerCapability;
import dev.baton.testkit.ServerUnderTest;
import dev.baton.testkit.StrictConnection;
import dev.baton.testkit.TestCertificate;
import dev.baton.testkit.TlsTransport;
import java.net.InetSocketAddress;
import java.util.EnumSet;
import java.util.Set;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Nested;

/**
 * The contract of a graceful server, for a handler of Jetty's. A handler takes a connection when it has returned, and not
 * within the exchange as the contract does.
 */
final class GracefulJettyTest {

    @Nested
    final class InClear extends GracefulServerContract {
        @Override
        protected ServerUnderTest start(ContractOptions options, ContractHandler handler) throws Exception {
            return JettyUnderTest.start(options, handler, JettyUnderTest.http());
        }

        @Override
        protected Set<ServerCapability> capabilities() {
            return EnumSet.of(ServerCapability.EXACT_BYTE_COUNTS, ServerCapability.TYPED_END);
        }
    }

    @Nested
    final class OverTls extends GracefulServerContract {
        private static TestCertificate certificate;

        @BeforeAll
        static void makeCertificate() throws Exception {
            certificate = TestCertificate.create();
        }

        @Override
        protected ServerUnderTest start(ContractOptions options, ContractHandler handler) throws Exception {
            return JettyUnderTest.start(options, handler, JettyUnderTest.https(certificate));
        }

        @Override
        protected StrictConnection connect(ServerUnderTest server) throws Exception {
            TlsTransport transport = TlsTransport.connect(server.address(), certificate.clientContext());
            transport.handshake();
            return StrictConnection.over(transport, "127.0.0.1:" + ((InetSocketAddress) server.address()).getPort());
        }

        @Override
        protected Set<ServerCapability> capabilities() {
            return EnumSet.of(ServerCapability.TYPED_END);
        }
    }
}
