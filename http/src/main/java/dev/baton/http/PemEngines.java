package dev.baton.http;

import dev.baton.Baton;
import io.netty.channel.Channel;
import io.netty.handler.ssl.ApplicationProtocolConfig;
import io.netty.handler.ssl.ApplicationProtocolConfig.Protocol;
import io.netty.handler.ssl.ApplicationProtocolConfig.SelectedListenerFailureBehavior;
import io.netty.handler.ssl.ApplicationProtocolConfig.SelectorFailureBehavior;
import io.netty.handler.ssl.ApplicationProtocolNames;
import io.netty.handler.ssl.OpenSsl;
import io.netty.handler.ssl.OpenSslSessionContext;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslProvider;
import io.netty.util.ReferenceCountUtil;
import java.security.cert.X509Certificate;
import java.time.InstantSource;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;

/**
 * Engines for a certificate from PEM files, of OpenSSL or of the JDK.
 *
 * <p>With OpenSSL the session tickets are encrypted with {@link TicketKeys} that the parent's server of the same
 * certificate file has left, and are left to the successor's. The JDK gives no access to its keys.
 */
final class PemEngines implements TlsEngines {
    private static final String[] VERSIONS = {"TLSv1.3", "TLSv1.2"};

    private final SslContext context;
    private final InstantSource clock;

    /** Of the tickets; null if the provider keeps them to itself. */
    private final @Nullable OpenSslSessionContext sessions;

    private final AtomicBoolean closed = new AtomicBoolean();
    private volatile TicketKeys ticketKeys;

    private PemEngines(SslContext context, InstantSource clock, TicketKeys inherited) {
        this.context = context;
        this.clock = clock;
        this.sessions = context.sessionContext() instanceof OpenSslSessionContext openSsl ? openSsl : null;
        this.ticketKeys = inherited;
        if (sessions != null) {
            useTicketKeys(sessions);
        }
    }

    /**
     * Reads the files; takes over the ticket keys of the parent, if Baton was started in this process, and offers them to
     * the successor.
     *
     * @param http2 whether HTTP/2 is offered, before HTTP/1.1
     * @throws TlsException if that cannot be served
     */
    static PemEngines of(TlsOptions options, boolean http2) throws TlsException {
        String state = "dev.baton.tls-ticket-keys."
                + HexFormat.of().toHexDigits(options.certificate().toString().hashCode());
        TicketKeys inherited = Baton.current()
                .flatMap(baton -> baton.inheritedState(state))
                .map(TicketKeys::decode)
                .orElseGet(TicketKeys::none);
        PemEngines engines = of(options, http2, InstantSource.system(), inherited);
        if (engines.sessions != null) {
            Baton.current()
                    .ifPresent(baton ->
                            baton.offerState(state, () -> engines.ticketKeys().encode()));
        }
        return engines;
    }

    static PemEngines of(TlsOptions options, boolean http2, InstantSource clock, TicketKeys inherited)
            throws TlsException {
        TlsIdentity identity = TlsIdentity.read(options, clock);
        try {
            SslContext context = SslContextBuilder.forServer(
                            identity.key(), identity.chain().toArray(X509Certificate[]::new))
                    .sslProvider(provider(options.provider()))
                    .protocols(VERSIONS)
                    .applicationProtocolConfig(new ApplicationProtocolConfig(
                            Protocol.ALPN,
                            SelectorFailureBehavior.NO_ADVERTISE,
                            SelectedListenerFailureBehavior.ACCEPT,
                            http2
                                    ? List.of(ApplicationProtocolNames.HTTP_2, ApplicationProtocolNames.HTTP_1_1)
                                    : List.of(ApplicationProtocolNames.HTTP_1_1)))
                    .build();
            return new PemEngines(context, clock, inherited);
        } catch (SSLException | IllegalArgumentException e) {
            throw new TlsException(
                    "the certificate in " + options.certificate() + " cannot be served: " + e.getMessage(), e);
        }
    }

    private static SslProvider provider(TlsProvider wanted) throws TlsException {
        if (wanted == TlsProvider.JDK) {
            return SslProvider.JDK;
        }
        if (OpenSsl.isAvailable()) {
            return SslProvider.OPENSSL_REFCNT;
        }
        Throwable cause = OpenSsl.unavailabilityCause();
        if (wanted == TlsProvider.OPENSSL) {
            throw new TlsException(
                    "OpenSSL cannot be loaded: " + cause
                            + "; put netty-tcnative-boringssl-static on the path, or choose the provider JDK",
                    cause);
        }
        Log.openSslNotLoaded(cause);
        return SslProvider.JDK;
    }

    @Override
    public SSLEngine engine(Channel channel) {
        rotateTicketKeys();
        return context.newEngine(channel.alloc());
    }

    /** The keys that are used now. */
    TicketKeys ticketKeys() {
        return ticketKeys;
    }

    /** Instead of a timer: nothing depends on the keys but new connections. */
    private void rotateTicketKeys() {
        if (sessions != null && !ticketKeys.at(clock.instant()).equals(ticketKeys)) {
            useTicketKeys(sessions);
        }
    }

    /** Of two event loops that come at the same time the second finds the first one's keys, and keeps them. */
    private synchronized void useTicketKeys(OpenSslSessionContext target) {
        ticketKeys = ticketKeys.at(clock.instant());
        target.setTicketKeys(ticketKeys.toOpenSsl());
    }

    /** Frees OpenSSL's memory; what connections still use of it with the last of them. A second call does nothing. */
    @Override
    public void close() {
        if (closed.compareAndSet(false, true)) {
            ReferenceCountUtil.release(context);
        }
    }
}
