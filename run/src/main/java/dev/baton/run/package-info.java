/** {@code baton run}: the supervisor. {@link dev.baton.run.Launch} makes one of the process of the command line. */
@NullMarked
package dev.baton.run;

import org.jspecify.annotations.NullMarked;
