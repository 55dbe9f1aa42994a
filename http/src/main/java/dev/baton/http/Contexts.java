package dev.baton.http;

import com.sun.net.httpserver.HttpContext;
import java.util.Arrays;
import java.util.Comparator;
import org.jspecify.annotations.Nullable;

/**
 * The contexts of a server. A request belongs to the context whose path is the longest prefix of the request's path,
 * compared character by character: {@code /foo} also gets {@code /foobar} (see {@link com.sun.net.httpserver.HttpServer},
 * "Mapping request URIs to HttpContext paths").
 *
 * <p>Changes are rare and look-ups are not, so each change makes a new array, longest path first.
 */
final class Contexts {
    private volatile Context[] longestFirst = {};

    /** The context for this path, if any. */
    @Nullable
    Context find(String path) {
        for (Context context : longestFirst) {
            if (path.startsWith(context.getPath())) {
                return context;
            }
        }
        return null;
    }

    /** Adds a context; throws IllegalArgumentException if its path is taken. */
    synchronized Context add(Context added) {
        Context[] old = longestFirst;
        if (indexOf(old, added.getPath()) >= 0) {
            throw new IllegalArgumentException("there is a context for '" + added.getPath() + "' already");
        }
        Context[] all = Arrays.copyOf(old, old.length + 1);
        all[old.length] = added;
        Arrays.sort(
                all,
                Comparator.comparingInt((Context c) -> c.getPath().length()).reversed());
        longestFirst = all;
        return added;
    }

    /** Removes the context with exactly this path; throws IllegalArgumentException if there is none. */
    synchronized void remove(String path) {
        int index = indexOf(longestFirst, path);
        if (index < 0) {
            throw new IllegalArgumentException("there is no context for '" + path + "'");
        }
        removeAt(index);
    }

    /** Removes a context; throws IllegalArgumentException if it is not one of these. */
    synchronized void remove(HttpContext context) {
        int index = Arrays.asList(longestFirst).indexOf(context);
        if (index < 0) {
            throw new IllegalArgumentException("this server has no such context: '" + context.getPath() + "'");
        }
        removeAt(index);
    }

    private void removeAt(int index) {
        Context[] old = longestFirst;
        Context[] rest = new Context[old.length - 1];
        System.arraycopy(old, 0, rest, 0, index);
        System.arraycopy(old, index + 1, rest, index, rest.length - index);
        longestFirst = rest;
    }

    private static int indexOf(Context[] contexts, String path) {
        for (int i = 0; i < contexts.length; i++) {
            if (contexts[i].getPath().equals(path)) {
                return i;
            }
        }
        return -1;
    }
}
