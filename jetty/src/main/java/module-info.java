/** Jetty 12.1: a connector on a listener of Baton's, connection states, drain. */
module dev.baton.jetty {
    requires static org.jspecify;
    // Types of all of these are in the signatures: Listener, Connections, ServerConnector.
    requires transitive dev.baton;
    requires transitive dev.baton.drain;
    requires transitive org.eclipse.jetty.server;

    exports dev.baton.jetty;
}
