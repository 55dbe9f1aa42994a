/**
 * Restarts of a JVM server that its clients do not notice.
 *
 * <p>Begin with {@link dev.baton.Baton}: it starts this process's generation, hands out {@link dev.baton.Listener
 * listeners} that outlive it, and is told with {@link dev.baton.Baton#ready() ready()} when the program can serve. A server
 * takes part in restarts as a {@link dev.baton.Participant}.
 */
@NullMarked
package dev.baton;

import org.jspecify.annotations.NullMarked;
