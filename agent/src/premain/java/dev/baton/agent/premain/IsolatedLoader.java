package dev.baton.agent.premain;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.jar.JarEntry;
import java.util.jar.JarFile;

/**
 * Loads the agent from a folder within its jar, where the program's class loaders do not look: nothing of it is on the
 * program's class path, and what the program has there, another Baton for instance, the agent does not see.
 */
final class IsolatedLoader extends ClassLoader {
    private static final String FOLDER = "isolated/";

    private final JarFile jar;

    IsolatedLoader(JarFile jar) {
        // The platform's classes, and none of the program's.
        super(ClassLoader.getSystemClassLoader().getParent());
        this.jar = jar;
    }

    @Override
    protected Class<?> findClass(String name) throws ClassNotFoundException {
        try (InputStream in = open(name.replace('.', '/') + ".class")) {
            if (in == null) {
                throw new ClassNotFoundException(name);
            }
            byte[] bytes = all(in);
            return defineClass(name, bytes, 0, bytes.length);
        } catch (IOException e) {
            throw new ClassNotFoundException(name, e);
        }
    }

    /** Only the stream: there is no URL of what is in here that others could open. */
    @Override
    public InputStream getResourceAsStream(String name) {
        try {
            InputStream own = open(name);
            return own != null ? own : super.getResourceAsStream(name);
        } catch (IOException e) {
            return null;
        }
    }

    private InputStream open(String name) throws IOException {
        JarEntry entry = jar.getJarEntry(FOLDER + name);
        return entry == null ? null : jar.getInputStream(entry);
    }

    private static byte[] all(InputStream in) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        byte[] buffer = new byte[8192];
        for (int count = in.read(buffer); count > 0; count = in.read(buffer)) {
            bytes.write(buffer, 0, count);
        }
        return bytes.toByteArray();
    }
}
