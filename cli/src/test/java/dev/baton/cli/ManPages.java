package dev.baton.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import picocli.CommandLine.Model.CommandSpec;
import picocli.codegen.docgen.manpage.ManPageGenerator;

/** Makes manual pages, in AsciiDoc, of what {@code --help} says; {@code mvn -Pman package} makes roff of them. */
final class ManPages {
    private ManPages() {}

    /** Writes a page for each command, {@code baton-COMMAND.adoc}, and one for all. */
    static void write(Path directory) throws IOException {
        Files.createDirectories(directory);
        CommandSpec spec = Main.commandLine().getCommandSpec();
        int status = ManPageGenerator.generateManPage(directory.toFile(), null, new boolean[0], false, spec);
        if (status != 0) {
            throw new IOException("the pages cannot be written into " + directory + ": picocli's status is " + status);
        }
    }
}
