package dev.baton.agent;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * The constant pool of a class file (JVMS 4.4), as far as it takes to let calls of one class's methods go to another's that
 * have the same names and descriptors.
 *
 * <p>A call names a {@code CONSTANT_Methodref}, and that a class. So two entries are added, the other class and its name,
 * and each method reference that is meant gets a new index: no instruction changes, no stack map, no line number. That
 * takes a fraction of a millisecond, where the first use of the JDK's Class-File API takes some 80 (docs/adr/0008).
 */
final class ConstantPool {
    private static final int UTF8 = 1;
    private static final int CLASS = 7;
    private static final int METHOD_REFERENCE = 10;

    /** Magic number and version. */
    private static final int COUNT_AT = 8;

    /**
     * The size of an entry behind its tag, by its tag; of UTF8 the part that is always there. All others have two bytes, as
     * a class does.
     */
    private static final int[] SIZES = {0, 2, 0, 4, 4, 8, 8, 2, 2, 4, 4, 4, 4, 0, 0, 3, 2, 4, 4, 2, 2};

    private final ByteBuffer file;

    /** Where each entry begins, by its index. */
    private final int[] entries;

    private final int end;

    private ConstantPool(byte[] classFile) {
        file = ByteBuffer.wrap(classFile);
        int count = Short.toUnsignedInt(file.getShort(COUNT_AT));
        entries = new int[count];
        int position = COUNT_AT + 2;
        for (int i = 1; i < count; i++) {
            entries[i] = position;
            int tag = file.get(position);
            int text = tag == UTF8 ? Short.toUnsignedInt(file.getShort(position + 1)) : 0;
            position += 1 + SIZES[tag] + text;
            if (SIZES[tag] == 8) {
                i++; // A long or a double takes two indices.
            }
        }
        end = position;
    }

    /**
     * A class file in which methods of one class are those of another.
     *
     * @param methods each with its descriptor, {@code listen(Ljava/io/FileDescriptor;I)V}, and the class that has it now, as
     *     in class files
     * @param target the class that has all of them
     * @return the same file if it calls none of them
     */
    static byte[] redirect(byte[] classFile, Map<String, String> methods, String target) {
        return new ConstantPool(classFile).redirected(methods, target);
    }

    /** Those of the methods that a class file calls. */
    static Set<String> called(byte[] classFile, Map<String, String> methods) {
        ConstantPool pool = new ConstantPool(classFile);
        return pool.references(methods).map(pool::method).collect(Collectors.toUnmodifiableSet());
    }

    /** The indices of the references to these methods. */
    private Stream<Integer> references(Map<String, String> methods) {
        return IntStream.range(1, entries.length)
                .filter(i -> entries[i] > 0 && file.get(entries[i]) == METHOD_REFERENCE)
                .filter(i -> text(index(index(i, 1), 1)).equals(methods.get(method(i))))
                .boxed();
    }

    /** The name and the descriptor that a reference names. */
    private String method(int reference) {
        int nameAndType = index(reference, 3);
        return text(index(nameAndType, 1)) + text(index(nameAndType, 3));
    }

    private byte[] redirected(Map<String, String> methods, String target) {
        List<Integer> references = references(methods).toList();
        if (references.isEmpty()) {
            return file.array();
        }
        byte[] name = target.getBytes(StandardCharsets.UTF_8);
        ByteBuffer changed = ByteBuffer.allocate(file.capacity() + 3 + name.length + 3);
        changed.put(file.array(), 0, end);
        changed.put((byte) UTF8).putShort((short) name.length).put(name);
        changed.put((byte) CLASS).putShort((short) entries.length);
        changed.put(file.array(), end, file.capacity() - end);
        changed.putShort(COUNT_AT, (short) (entries.length + 2));
        for (int reference : references) {
            changed.putShort(entries[reference] + 1, (short) (entries.length + 1));
        }
        return changed.array();
    }

    /** An index that an entry holds. */
    private int index(int entry, int offset) {
        return Short.toUnsignedInt(file.getShort(entries[entry] + offset));
    }

    private String text(int entry) {
        int length = index(entry, 1);
        return new String(file.array(), entries[entry] + 3, length, StandardCharsets.UTF_8);
    }
}
