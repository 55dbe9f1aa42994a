package dev.baton.netty;

import dev.baton.ListenAddress;
import io.netty.channel.EventLoop;

/**
 * What the connections of one listener in one event loop have in common; one object for all of them.
 *
 * @param listener from which they were accepted, here or in the process from which they came
 */
record ServingLoop(EventLoop loop, ListenAddress listener, Migrator migrator) {}
