/**
 * Embedded Tomcat 11 on listeners that survive restarts.
 *
 * <pre>{@code
 * try (Baton baton = Baton.start()) {
 *     TomcatServer server = TomcatServer.on(baton.listen(ListenAddress.parse("127.0.0.1:8080")));
 *     Tomcat tomcat = new Tomcat();
 *     tomcat.setConnector(server.connector());
 *     ... contexts and servlets ...
 *     tomcat.start();
 *     baton.join(server);
 *     baton.ready();
 *     baton.awaitExit();
 *     tomcat.stop();
 * }
 * }</pre>
 *
 * {@link dev.baton.tomcat.TomcatServer} is what Baton calls; {@link dev.baton.tomcat.BatonHttp11Protocol} is Tomcat's side,
 * for those who configure a connector by the name of its protocol.
 */
@NullMarked
package dev.baton.tomcat;

import org.jspecify.annotations.NullMarked;
