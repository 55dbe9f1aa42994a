package dev.baton.system;

import java.io.IOException;
import java.io.InputStream;
import java.util.Collections;
import java.util.jar.JarEntry;
import java.util.jar.JarFile;
import java.util.zip.ZipEntry;
import java.util.zip.ZipInputStream;

/** A program that looks for each class of a jar, also for those that are in its folder or in the jar that it holds. */
final class VisibleClasses {
    private VisibleClasses() {}

    public static void main(String[] arguments) throws Exception {
        try (JarFile jar = new JarFile(arguments[0])) {
            for (JarEntry entry : Collections.list(jar.entries())) {
                look(entry.getName());
                if (entry.getName().endsWith(".jar")) {
                    look(jar.getInputStream(entry));
                }
            }
        }
    }

    private static void look(InputStream jar) throws IOException {
        try (ZipInputStream files = new ZipInputStream(jar)) {
            for (ZipEntry entry = files.getNextEntry(); entry != null; entry = files.getNextEntry()) {
                look(entry.getName());
            }
        }
    }

    private static void look(String file) {
        if (file.endsWith(".class")) {
            String name = file.substring(0, file.length() - ".class".length())
                    .replaceFirst("^isolated/", "")
                    .replace('/', '.');
            System.out.println((isVisible(name) ? "sees " : "looked for ") + name);
        }
    }

    private static boolean isVisible(String name) {
        try {
            Class.forName(name, false, ClassLoader.getSystemClassLoader());
            return true;
        } catch (ClassNotFoundException e) {
            return false;
        }
    }
}
