/** The system calls that Baton needs and the JDK does not offer, through the Foreign Function &amp; Memory API. */
@NullMarked
package dev.baton.posix;

import org.jspecify.annotations.NullMarked;
