/** baton run: keeps a service alive. In a process of its own, which is small: it needs the JDK and posix alone. */
module dev.baton.run {
    requires static org.jspecify;
    requires dev.baton.posix;
    requires jdk.httpserver;
    // sun.misc.Signal
    requires jdk.unsupported;

    exports dev.baton.run;
}
