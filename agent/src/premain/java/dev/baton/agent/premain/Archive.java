package dev.baton.agent.premain;

import java.io.File;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.StandardOpenOption;
import java.util.HashMap;
import java.util.Map;
import java.util.zip.DataFormatException;
import java.util.zip.Inflater;

/**
 * The files of a jar, or of one that is stored in it, or of a folder of either (PKWARE's APPNOTE.TXT, 4.3).
 *
 * <p>The JDK reads jars too, but none within another one. The command line is in one of its own because a JVM that starts with
 * the agent reads the name of each entry of baton.jar, and its three thousand would be read at each start of a program that
 * has no use for them. The file is mapped: its content stays what it was, also when another takes its name. Safe for use by
 * any thread.
 */
final class Archive {
    private static final int STORED = 0;

    /** The record at the end; without a comment it is the last of the file. */
    private static final int END = 0x06054b50;

    private static final int END_BYTES = 22;
    private static final int END_COUNT = 10;
    private static final int END_CENTRAL = 16;

    /** An entry of the central directory. */
    private static final int CENTRAL_BYTES = 46;

    private static final int CENTRAL_METHOD = 10;
    private static final int CENTRAL_PACKED = 20;
    private static final int CENTRAL_SIZE = 24;
    private static final int CENTRAL_NAME = 28;
    private static final int CENTRAL_EXTRA = 30;
    private static final int CENTRAL_COMMENT = 32;
    private static final int CENTRAL_LOCAL = 42;

    /** What is before the content of a file. */
    private static final int LOCAL_BYTES = 30;

    private static final int LOCAL_NAME = 26;
    private static final int LOCAL_EXTRA = 28;

    private final ByteBuffer bytes; // read at absolute positions only
    private final Map<String, Integer> central; // where the entry of a name is
    private final String folder;

    private Archive(ByteBuffer bytes, Map<String, Integer> central, String folder) {
        this.bytes = bytes;
        this.central = central;
        this.folder = folder;
    }

    static Archive of(File file) throws IOException {
        try (FileChannel channel = FileChannel.open(file.toPath(), StandardOpenOption.READ)) {
            return of(channel.map(FileChannel.MapMode.READ_ONLY, 0, channel.size()));
        }
    }

    private static Archive of(ByteBuffer content) throws IOException {
        ByteBuffer bytes = content.order(ByteOrder.LITTLE_ENDIAN);
        int end = bytes.limit() - END_BYTES;
        if (end < 0 || bytes.getInt(end) != END) {
            throw new IOException("not a jar, or one with a comment at its end");
        }
        int count = unsigned(bytes, end + END_COUNT);
        int at = bytes.getInt(end + END_CENTRAL);
        Map<String, Integer> central = new HashMap<>(2 * count);
        for (int i = 0; i < count; i++) {
            int length = unsigned(bytes, at + CENTRAL_NAME);
            central.put(new String(copy(bytes, at + CENTRAL_BYTES, length), StandardCharsets.UTF_8), at);
            at += CENTRAL_BYTES + length + unsigned(bytes, at + CENTRAL_EXTRA) + unsigned(bytes, at + CENTRAL_COMMENT);
        }
        return new Archive(bytes, central, "");
    }

    /** What is in a folder, by names that begin there; the folder's own ends with a slash. */
    Archive folder(String name) {
        return new Archive(bytes, central, folder + name);
    }

    /** The jar that is a file of this one, which is stored and not compressed. */
    Archive jar(String name) throws IOException {
        int at = central.get(folder + name);
        if (unsigned(bytes, at + CENTRAL_METHOD) != STORED) {
            throw new IOException(name + " is compressed");
        }
        ByteBuffer content = bytes.duplicate();
        content.position(content(at));
        content.limit(content.position() + bytes.getInt(at + CENTRAL_SIZE));
        return of(content.slice());
    }

    boolean contains(String name) {
        return central.containsKey(folder + name);
    }

    /** The content of a file, or null if there is none of this name. */
    byte[] read(String name) throws IOException {
        Integer at = central.get(folder + name);
        if (at == null) {
            return null;
        }
        byte[] packed = copy(bytes, content(at), bytes.getInt(at + CENTRAL_PACKED));
        return unsigned(bytes, at + CENTRAL_METHOD) == STORED
                ? packed
                : inflate(name, packed, bytes.getInt(at + CENTRAL_SIZE));
    }

    private static byte[] inflate(String name, byte[] packed, int size) throws IOException {
        byte[] content = new byte[size];
        Inflater inflater = new Inflater(true);
        try {
            inflater.setInput(packed);
            if (inflater.inflate(content) != size) {
                throw new IOException(name + " is damaged");
            }
            return content;
        } catch (DataFormatException e) {
            throw new IOException(name + " is damaged", e);
        } finally {
            inflater.end();
        }
    }

    private int content(int at) {
        int local = bytes.getInt(at + CENTRAL_LOCAL);
        return local + LOCAL_BYTES + unsigned(bytes, local + LOCAL_NAME) + unsigned(bytes, local + LOCAL_EXTRA);
    }

    private static int unsigned(ByteBuffer bytes, int at) {
        return bytes.getShort(at) & 0xffff;
    }

    private static byte[] copy(ByteBuffer bytes, int from, int length) {
        ByteBuffer source = bytes.duplicate();
        source.position(from);
        byte[] copy = new byte[length];
        source.get(copy);
        return copy;
    }
}
