/** The command line: those who operate and supervise services, serve files, make AOT caches, and demonstrate. */
module dev.baton.cli {
    requires static org.jspecify;
    requires dev.baton;
    requires dev.baton.http;
    requires dev.baton.run;
    // The demo drives the server with the strict client.
    requires dev.baton.testkit;
    requires info.picocli;
    requires java.logging;
    requires java.net.http;
    requires jdk.httpserver;

    // picocli sets the annotated fields by reflection.
    opens dev.baton.cli to
            info.picocli;
}
