/**
 * Spring Boot 4 applications that restart without their clients noticing: a dependency, and no code.
 *
 * <p>The starter puts the embedded server on a listener of Baton's, and makes the application's life that of a generation: it
 * starts Baton when the context is made, is ready after {@code ApplicationReadyEvent}, and closes the context and ends the
 * process when everything that was begun is finished. Its properties are {@code baton.*}; docs/spring-boot.md explains them.
 *
 * <p>The {@link dev.baton.Baton} of the process is a bean. Where there is Actuator it shows how the generation is.
 */
@NullMarked
package dev.baton.spring;

import org.jspecify.annotations.NullMarked;
