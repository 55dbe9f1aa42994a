/** Strict client, child JVMs, contracts and faults, for the tests of Baton and of its users. */
module dev.baton.testkit {
    requires static org.jspecify;

    exports dev.baton.testkit;
}
