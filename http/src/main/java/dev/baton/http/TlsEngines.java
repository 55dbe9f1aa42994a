package dev.baton.http;

import io.netty.channel.Channel;
import javax.net.ssl.SSLEngine;

/** Where the TLS engines of a server's connections come from. */
sealed interface TlsEngines permits ConfiguredEngines, PemEngines {

    /** An engine in server mode for a connection that was accepted. Called in its event loop. */
    SSLEngine engine(Channel channel);

    /** No more engines are asked for. */
    void close();
}
