/**
 * What Baton costs.
 *
 * <p>{@link dev.baton.benchmarks.Benchmarks} compares whole processes; the classes named {@code ...Benchmark} are JMH's, for
 * what happens inside one. This is the class path only: JMH generates classes into packages that a module would have to
 * name.
 */
@NullMarked
package dev.baton.benchmarks;

import org.jspecify.annotations.NullMarked;
