/**
 * What a test of a restart needs, on the JDK alone.
 *
 * <p>{@link dev.baton.testkit.Load} drives a server and counts everything that a client could notice;
 * {@link dev.baton.testkit.StrictConnection} is one connection of the same strictness, under the test's own hand;
 * {@link dev.baton.testkit.ChildJvm} is a real JVM with its output, its signals and its successors.
 */
@NullMarked
package dev.baton.testkit;

import org.jspecify.annotations.NullMarked;
