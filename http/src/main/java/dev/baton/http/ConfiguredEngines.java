package dev.baton.http;

import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsParameters;
import dev.baton.netty.ProxyHeader;
import io.netty.channel.Channel;
import java.net.InetSocketAddress;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLParameters;
import org.jspecify.annotations.Nullable;

/** Engines of an {@code HttpsConfigurator}'s SSLContext, which it is asked about for each connection. */
final class ConfiguredEngines implements TlsEngines {
    private volatile @Nullable HttpsConfigurator configurator;

    @Nullable
    HttpsConfigurator configurator() {
        return configurator;
    }

    void configurator(HttpsConfigurator value) {
        configurator = value;
    }

    @Override
    public SSLEngine engine(Channel channel) {
        HttpsConfigurator chosen = configurator;
        if (chosen == null) {
            throw new IllegalStateException("the server has no HttpsConfigurator");
        }
        SSLEngine engine = chosen.getSSLContext().createSSLEngine();
        engine.setUseClientMode(false);
        Parameters parameters = new Parameters(chosen, SocketAddresses.inet(ProxyHeader.remoteAddress(channel)));
        chosen.configure(parameters);
        parameters.applyTo(engine);
        return engine;
    }

    @Override
    public void close() {}

    /** What the configurator wants for one connection. */
    private static final class Parameters extends HttpsParameters {
        private final HttpsConfigurator configurator;
        private final InetSocketAddress client;
        private @Nullable SSLParameters chosen;

        Parameters(HttpsConfigurator configurator, InetSocketAddress client) {
            this.configurator = configurator;
            this.client = client;
        }

        @Override
        public HttpsConfigurator getHttpsConfigurator() {
            return configurator;
        }

        @Override
        public InetSocketAddress getClientAddress() {
            return client;
        }

        @Override
        public void setSSLParameters(SSLParameters parameters) {
            chosen = parameters;
        }

        /** The parameters that were set as a whole count; the single ones of this class only without them. */
        @SuppressWarnings("deprecation") // The getters are; the setters, which programs may call, are not.
        void applyTo(SSLEngine engine) {
            if (chosen != null) {
                engine.setSSLParameters(chosen);
                return;
            }
            if (getCipherSuites() != null) {
                engine.setEnabledCipherSuites(getCipherSuites());
            }
            if (getProtocols() != null) {
                engine.setEnabledProtocols(getProtocols());
            }
            if (getNeedClientAuth()) {
                engine.setNeedClientAuth(true);
            } else if (getWantClientAuth()) {
                engine.setWantClientAuth(true);
            }
        }
    }
}
