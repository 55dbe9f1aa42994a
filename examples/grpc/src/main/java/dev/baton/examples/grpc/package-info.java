/** A gRPC service, which the agent restarts, and a client of it. */
@NullMarked
package dev.baton.examples.grpc;

import org.jspecify.annotations.NullMarked;
