package dev.baton.testkit;

import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.Timeout;

/**
 * What a server that shuts down gracefully does, as numbered rules; each is a test with the rule as its name.
 *
 * <p>For a server of one's own, write a subclass that starts it: {@link #start} gives a {@link ServerUnderTest}, about 30
 * lines of delegation, and {@link #capabilities} says which of the optional rules apply. The rules know HTTP/1.1 and
 * nothing of the server, nor of what carries its bytes: {@link #connect} opens a client's connection. They wait for
 * events, and use real time only where a rule is about time.
 *
 * <p>The reference is Go's {@code net/http}: {@code Server.Shutdown}, {@code Server.Close}, {@code Server.ConnState} and
 * {@code Server.RegisterOnShutdown}. The rules go beyond it where it is known to lose requests. JUnit's API is needed for
 * this class alone.
 *
 * <ul>
 *   <li>R01 to R10: the states of connections
 *   <li>R11 to R26: shutdown and close
 *   <li>R31 to R38: new and idle connections
 *   <li>R41 to R52: requests in every half-way state
 *   <li>R61 to R68: responses in every half-way state
 * </ul>
 */
@SuppressWarnings("exports") // Of JUnit, which users of the rest of this module need not have.
@TestMethodOrder(MethodOrderer.DisplayName.class)
@Timeout(value = 60, unit = TimeUnit.SECONDS)
public abstract class GracefulServerContract extends ResponseRules {}
