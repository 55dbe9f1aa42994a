/**
 * Jetty 12.1 on listeners that survive restarts.
 *
 * <pre>{@code
 * try (Baton baton = Baton.start()) {
 *     Server jetty = new Server();
 *     BatonConnector connector = new BatonConnector(jetty, baton.listen(ListenAddress.parse("127.0.0.1:8080")));
 *     jetty.addConnector(connector);
 *     jetty.setHandler(...);
 *     jetty.start();
 *     baton.join(connector.participant());
 *     baton.ready();
 *     baton.awaitExit();
 *     jetty.stop();
 * }
 * }</pre>
 */
@NullMarked
package dev.baton.jetty;

import org.jspecify.annotations.NullMarked;
