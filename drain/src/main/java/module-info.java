/** Connection states and graceful shutdown; usable without core. */
module dev.baton.drain {
    requires static org.jspecify;

    exports dev.baton.drain;
}
