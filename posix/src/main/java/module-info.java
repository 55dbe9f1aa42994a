/** The system calls that Baton needs and the JDK does not offer: the only user of java.lang.foreign. */
module dev.baton.posix {
    requires static org.jspecify;

    exports dev.baton.posix;
}
