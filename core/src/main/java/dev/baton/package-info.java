/**
 * Restarts of a JVM server that its clients do not notice.
 *
 */
@NullMarked
package dev.baton;

import org.jspecify.annotations.NullMarked;
