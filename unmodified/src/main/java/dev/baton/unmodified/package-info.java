/**
 * Servers that know nothing of Baton, each as its documentation tells to write one. {@code PROGRAM PORT}: they answer
 * {@code /} with {@code hello}, {@code /slow} with the same after three seconds, and name their pid. One that finds a file
 * {@code broken} in its working directory is a bad release, and exits with 3.
 */
@NullMarked
package dev.baton.unmodified;

import org.jspecify.annotations.NullMarked;
