/** The command line: {@link dev.baton.cli.Main} and a class for each command. */
@NullMarked
package dev.baton.cli;

import org.jspecify.annotations.NullMarked;
