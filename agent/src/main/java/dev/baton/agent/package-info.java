/**
 * Restarts of servers that know nothing of Baton: {@code java -javaagent:baton.jar -jar anyserver.jar}.
 *
 * <p>{@link dev.baton.agent.Agent} is where it begins. The program's listening sockets are known by their descriptors'
 * numbers ({@link dev.baton.agent.ProgramListeners}); what a restart does to one of them is
 * {@link dev.baton.agent.ProgramListener}.
 */
@NullMarked
package dev.baton.agent;

import org.jspecify.annotations.NullMarked;
