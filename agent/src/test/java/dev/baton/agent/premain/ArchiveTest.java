package dev.baton.agent.premain;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ArchiveTest {
    @TempDir
    private Path directory;

    private static byte[] text(int length) {
        return "a text that can be compressed; ".repeat(length).getBytes(StandardCharsets.UTF_8);
    }

    private static void add(ZipOutputStream zip, String name, byte[] content, int method) throws IOException {
        ZipEntry entry = new ZipEntry(name);
        entry.setMethod(method);
        if (method == ZipEntry.STORED) {
            CRC32 crc = new CRC32();
            crc.update(content);
            entry.setSize(content.length);
            entry.setCrc(crc.getValue());
        }
        zip.putNextEntry(entry);
        zip.write(content);
        zip.closeEntry();
    }

    private Path outer() throws IOException {
        ByteArrayOutputStream inner = new ByteArrayOutputStream();
        try (ZipOutputStream zip = new ZipOutputStream(inner)) {
            add(zip, "one", text(1), ZipEntry.DEFLATED);
            add(zip, "dir/ü", text(9_000), ZipEntry.DEFLATED);
        }
        Path file = directory.resolve("outer.jar");
        try (ZipOutputStream zip = new ZipOutputStream(Files.newOutputStream(file))) {
            add(zip, "one", text(2), ZipEntry.DEFLATED);
            add(zip, "inner.jar", inner.toByteArray(), ZipEntry.STORED);
            add(zip, "packed.jar", inner.toByteArray(), ZipEntry.DEFLATED);
            add(zip, "dir/empty", new byte[0], ZipEntry.STORED);
        }
        return file;
    }

    @Test
    void filesAreReadFromAJarFromAFolderAndFromAJarWithinTheJar() throws Exception {
        Archive outer = Archive.of(outer().toFile());
        assertThat(outer.read("one")).isEqualTo(text(2));
        assertThat(outer.folder("dir/").read("empty")).isEmpty();
        assertThat(outer.folder("dir/").contains("one")).isFalse();
        assertThat(outer.read("dir/ü")).isNull();
        Archive inner = outer.jar("inner.jar");
        assertThat(inner.read("one")).isEqualTo(text(1));
        assertThat(inner.folder("dir/").read("ü")).isEqualTo(text(9_000));
    }

    @Test
    void theContentStaysWhenAnotherFileTakesTheName() throws Exception {
        Path file = outer();
        Archive archive = Archive.of(file.toFile());
        Files.move(Files.write(directory.resolve("other"), text(3)), file, StandardCopyOption.ATOMIC_MOVE);
        assertThat(archive.read("one")).isEqualTo(text(2));
    }

    @Test
    void whatIsNoJarIsRefused() throws Exception {
        Path text = Files.write(directory.resolve("text"), text(1));
        assertThatThrownBy(() -> Archive.of(text.toFile())).hasMessageStartingWith("not a jar");
        Archive outer = Archive.of(outer().toFile());
        assertThatThrownBy(() -> outer.jar("packed.jar")).hasMessage("packed.jar is compressed");
    }
}
