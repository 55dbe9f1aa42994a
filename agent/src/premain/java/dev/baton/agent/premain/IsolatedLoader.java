package dev.baton.agent.premain;

import java.io.ByteArrayInputStream;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.net.MalformedURLException;
import java.net.URISyntaxException;
import java.net.URL;
import java.net.URLConnection;
import java.net.URLStreamHandler;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Enumeration;
import java.util.List;
import java.util.jar.Attributes;
import java.util.jar.Manifest;

/**
 * Loads classes from within baton.jar, where the program's class loaders do not look: nothing of them is on the program's
 * class path, and what the program has there, another Baton for instance, they do not see.
 */
final class IsolatedLoader extends ClassLoader {
    static {
        // A server's threads load classes at the same time.
        registerAsParallelCapable();
    }

    /** The agent, with all that it needs: a folder. */
    private static final String AGENT = "isolated/";

    /** What the command line has besides: a jar. */
    private static final String COMMAND = "command.jar";

    /** The packages that are of the version of the jar. */
    private static final String OURS = "dev.baton";

    private final String version;
    private final Archive[] archives;

    private IsolatedLoader(String version, Archive... archives) {
        // The platform's classes, and none of the program's.
        super(ClassLoader.getSystemClassLoader().getParent());
        this.version = version;
        this.archives = archives;
    }

    static IsolatedLoader ofAgent() throws IOException {
        Archive jar = Archive.of(file());
        return new IsolatedLoader(version(jar), jar.folder(AGENT));
    }

    static IsolatedLoader ofCommand() throws IOException {
        Archive jar = Archive.of(file());
        return new IsolatedLoader(version(jar), jar.jar(COMMAND), jar.folder(AGENT));
    }

    private static File file() throws IOException {
        try {
            return new File(IsolatedLoader.class
                    .getProtectionDomain()
                    .getCodeSource()
                    .getLocation()
                    .toURI());
        } catch (URISyntaxException e) {
            throw new IOException(e);
        }
    }

    private static String version(Archive jar) throws IOException {
        byte[] manifest = jar.read("META-INF/MANIFEST.MF");
        return new Manifest(new ByteArrayInputStream(manifest))
                .getMainAttributes()
                .getValue(Attributes.Name.IMPLEMENTATION_VERSION);
    }

    @Override
    protected Class<?> findClass(String name) throws ClassNotFoundException {
        byte[] bytes;
        try {
            bytes = read(name.replace('.', '/') + ".class");
        } catch (IOException e) {
            throw new ClassNotFoundException(name, e);
        }
        if (bytes == null) {
            throw new ClassNotFoundException(name);
        }
        if (name.startsWith(OURS)) {
            definePackage(name.substring(0, name.lastIndexOf('.')));
        }
        return defineClass(name, bytes, 0, bytes.length);
    }

    /** Gives the package its version. */
    private void definePackage(String name) {
        if (getPackage(name) == null) {
            try {
                definePackage(name, null, null, null, null, version, null, null);
            } catch (IllegalArgumentException e) {
                // Another thread has done so in this moment.
            }
        }
    }

    private byte[] read(String name) throws IOException {
        for (Archive archive : archives) {
            byte[] content = archive.read(name);
            if (content != null) {
                return content;
            }
        }
        return null;
    }

    @Override
    protected URL findResource(String name) {
        List<URL> all = urls(name);
        return all.isEmpty() ? null : all.get(0);
    }

    @Override
    protected Enumeration<URL> findResources(String name) {
        return Collections.enumeration(urls(name));
    }

    private List<URL> urls(String name) {
        List<URL> urls = new ArrayList<>();
        for (Archive archive : archives) {
            if (archive.contains(name)) {
                try {
                    urls.add(new URL("baton", "", -1, "/" + name, new Content(archive, name)));
                } catch (MalformedURLException e) {
                    throw new IllegalStateException(e);
                }
            }
        }
        return urls;
    }

    /** Opens the one URL that it belongs to. */
    private static final class Content extends URLStreamHandler {
        private final Archive archive;
        private final String name;

        Content(Archive archive, String name) {
            this.archive = archive;
            this.name = name;
        }

        @Override
        protected URLConnection openConnection(URL url) {
            return new URLConnection(url) {
                @Override
                public void connect() {
                    // It is open.
                }

                @Override
                public InputStream getInputStream() throws IOException {
                    return new ByteArrayInputStream(archive.read(name));
                }
            };
        }
    }
}
