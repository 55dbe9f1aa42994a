/**
 * An HTTP server with the JDK's own {@code com.sun.net.httpserver} API, on Netty.
 *
 * <p>Start with {@link dev.baton.http.BatonHttpServer}. A program that was written for the JDK's server gets this one by
 * having it on its class path or module path: {@link dev.baton.http.BatonHttpServerProvider}.
 */
@NullMarked
package dev.baton.http;

import org.jspecify.annotations.NullMarked;
