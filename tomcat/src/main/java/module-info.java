/** Embedded Tomcat 11: a connector on a listener of Baton's, connection states, drain. */
module dev.baton.tomcat {
    requires static org.jspecify;
    // Types of all of these are in the signatures: Listener, Connections, Connector.
    requires transitive dev.baton;
    requires transitive dev.baton.drain;
    requires transitive org.apache.tomcat.embed.core;

    exports dev.baton.tomcat;
}
