/** Small programs that use Baton as a library. */
@NullMarked
package dev.baton.examples;

import org.jspecify.annotations.NullMarked;
