/**
 * What {@code -javaagent} and {@code -jar} start: all of Baton that the program could see. It is compiled for Java 8, so that
 * an older JDK reads it and says what is needed.
 */
package dev.baton.agent.premain;
