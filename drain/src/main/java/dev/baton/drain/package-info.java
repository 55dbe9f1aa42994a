/** Connection states and graceful shutdown, in the vocabulary of Go's {@code net/http}. */
@NullMarked
package dev.baton.drain;

import org.jspecify.annotations.NullMarked;
