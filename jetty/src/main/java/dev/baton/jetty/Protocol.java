package dev.baton.jetty;

import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLEngineResult.HandshakeStatus;
import org.eclipse.jetty.http.HttpVersion;
import org.eclipse.jetty.io.Connection;
import org.eclipse.jetty.io.EndPoint;
import org.eclipse.jetty.io.ssl.SslConnection;
import org.eclipse.jetty.server.ConnectionMetaData;
import org.jspecify.annotations.Nullable;

/**
 * What Jetty speaks on a connection at this moment, and how far it has come; within TLS, if there is TLS.
 *
 * @param endPoint what the protocol reads from and writes to
 * @param connection the protocol; null before Jetty has made it
 * @param tls null without TLS
 */
record Protocol(
        EndPoint endPoint,
        @Nullable Connection connection,
        @Nullable SSLEngine tls) {

    static Protocol on(TrackedEndPoint endPoint) {
        return endPoint.getConnection() instanceof SslConnection tls
                ? new Protocol(tls.getSslEndPoint(), tls.getSslEndPoint().getConnection(), tls.getSSLEngine())
                : new Protocol(endPoint, endPoint.getConnection(), null);
    }

    /** Not so, besides HTTP/2, before the protocol is negotiated and within the header of the PROXY protocol. */
    boolean isHttp1() {
        return connection instanceof ConnectionMetaData http
                && http.getHttpVersion().getVersion() <= HttpVersion.HTTP_1_1.getVersion();
    }

    boolean isTls() {
        return tls != null;
    }

    boolean isHandshaken() {
        return tls != null
                && tls.getHandshakeStatus() == HandshakeStatus.NOT_HANDSHAKING
                && !tls.getSession().getProtocol().equals("NONE");
    }

    boolean isOutputShutDown() {
        return endPoint.isOutputShutdown();
    }

    /** How many bytes TLS has given to the protocol. */
    long bytes() {
        return connection == null ? 0 : connection.getBytesIn();
    }

    /** For HTTP/2, how many streams were opened. */
    long messages() {
        return connection == null ? 0 : connection.getMessagesIn();
    }

    /** For HTTP/2, how many streams are open. */
    long streams() {
        return connection == null ? 0 : connection.getMessagesIn() - connection.getMessagesOut();
    }
}
