/** Small programs that use Baton as a library. */
module dev.baton.examples {
    requires static org.jspecify;
    requires dev.baton;
    requires dev.baton.http;
    requires jdk.httpserver;
}
