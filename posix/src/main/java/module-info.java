module dev.baton.posix {
    requires static org.jspecify;
}
