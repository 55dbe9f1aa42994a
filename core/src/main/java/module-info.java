/**
 * The handoff: generations, listeners, protocol, signals, pid file, systemd. No dependency but the JDK.
 */
module dev.baton {
    requires static org.jspecify;
    requires dev.baton.posix;
    // Where a runtime has it: see FlightEvents.
    requires static jdk.jfr;
    // sun.misc.Signal: the JDK has no other way to handle SIGHUP.
    requires jdk.unsupported;

    exports dev.baton;
}
