package dev.baton.cli;

import java.time.Duration;

/**
 * What a demo does.
 *
 * @param restarts how many times the server is restarted
 * @param connections how many clients there are of each kind
 * @param duration how long the load runs, unless the restarts take longer
 */
record DemoOptions(int restarts, int connections, Duration duration) {}
