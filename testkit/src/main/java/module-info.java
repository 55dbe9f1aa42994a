/** Strict client, child JVMs, contracts and faults, for the tests of Baton and of its users. */
module dev.baton.testkit {
    requires static org.jspecify;
    // For those who run the contract; the strict client needs no JUnit.
    requires static org.junit.jupiter.api;

    exports dev.baton.testkit;
    // JUnit calls the rules, which are not public.
    opens dev.baton.testkit to
            org.junit.platform.commons;
}
