/**
 * The handoff: generations, listeners, protocol, signals, pid file, systemd. No dependency but the JDK.
 */
module dev.baton {
    requires static org.jspecify;
    requires dev.baton.posix;

    exports dev.baton;
}
