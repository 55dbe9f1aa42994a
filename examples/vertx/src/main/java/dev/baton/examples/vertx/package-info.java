/** A Vert.x server, which the agent restarts. */
@NullMarked
package dev.baton.examples.vertx;

import org.jspecify.annotations.NullMarked;
