/** A handler in Jetty that restarts without its clients noticing. */
module dev.baton.examples.jetty {
    requires static org.jspecify;
    requires dev.baton.jetty;
}
