/**
 * Connection states and graceful shutdown, in the vocabulary of Go's {@code net/http}.
 *
 * <p>{@link dev.baton.drain.Connections} is the registry of one server. An adapter
 * {@linkplain dev.baton.drain.Connections#open registers} each connection with a
 * {@link dev.baton.drain.ConnectionControl} and tells the {@link dev.baton.drain.TrackedConnection} that it gets what
 * happens on it.
 */
@NullMarked
package dev.baton.drain;

import org.jspecify.annotations.NullMarked;
