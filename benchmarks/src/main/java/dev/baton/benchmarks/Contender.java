package dev.baton.benchmarks;

/** The servers that are compared. All give the same small answer to every request. */
enum Contender {
    /** Plain Netty: {@code ServerBootstrap} on epoll, {@code HttpServerCodec}, an answer from the event loop. */
    NETTY("netty"),

    /** The same codec and handler on {@code NettyServer} with {@code Http1Connection}, under a running Baton. */
    NETTY_WITH_BATON("netty+baton"),

    /** As {@link #NETTY}, but each answer comes from a virtual thread of its own, as those of {@code dev.baton.http} do. */
    THREADS("netty-vt"),

    /** As {@link #THREADS}, under Baton. */
    THREADS_WITH_BATON("netty-vt+baton"),

    /** {@code BatonHttpServer} without a Baton: it tracks its connections and binds its own listener. */
    HTTP_ALONE("http without core"),

    /** {@code BatonHttpServer} under a running Baton. */
    HTTP("http"),

    /** The JDK's own {@code HttpServer} with handlers on virtual threads. */
    JDK("jdk"),

    /** The same, restartable by {@code -javaagent:baton.jar}. */
    JDK_WITH_AGENT("jdk+agent"),

    /** {@link #NETTY} with the agent. */
    NETTY_WITH_AGENT("netty+agent");

    private final String title;

    Contender(String title) {
        this.title = title;
    }

    boolean hasAgent() {
        return this == JDK_WITH_AGENT || this == NETTY_WITH_AGENT;
    }

    @Override
    public String toString() {
        return title;
    }
}
