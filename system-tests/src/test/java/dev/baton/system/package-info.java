/** What the README promises, with real processes, real signals and real sockets. */
@NullMarked
package dev.baton.system;

import org.jspecify.annotations.NullMarked;
