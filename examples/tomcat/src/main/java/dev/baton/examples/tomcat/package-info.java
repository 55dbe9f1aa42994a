/** A servlet in embedded Tomcat. */
@NullMarked
package dev.baton.examples.tomcat;

import org.jspecify.annotations.NullMarked;
