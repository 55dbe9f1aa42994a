package dev.baton.http;

import com.sun.net.httpserver.Headers;
import io.netty.handler.codec.http.HttpHeaders;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.BiFunction;
import org.jspecify.annotations.Nullable;

/**
 * The headers of a request, which nobody can change. ({@link Headers#of(Map)} would do, but copies every list three
 * times.)
 */
final class RequestHeaders extends Headers {
    /** Names in the JDK's form: the first letter is a capital, the others are not. */
    private final Headers lines = new Headers();

    RequestHeaders(HttpHeaders received) {
        var line = received.iteratorAsString();
        while (line.hasNext()) {
            Map.Entry<String, String> next = line.next();
            List<String> values = lines.get(next.getKey());
            if (values == null) {
                lines.put(next.getKey(), Collections.singletonList(next.getValue()));
            } else {
                List<String> more = new ArrayList<>(values);
                more.add(next.getValue());
                lines.put(next.getKey(), Collections.unmodifiableList(more));
            }
        }
    }

    @Override
    public int size() {
        return lines.size();
    }

    @Override
    public boolean isEmpty() {
        return lines.isEmpty();
    }

    @Override
    public boolean containsKey(Object name) {
        return lines.containsKey(name);
    }

    @Override
    public boolean containsValue(Object value) {
        return lines.containsValue(value);
    }

    @Override
    public @Nullable List<String> get(Object name) {
        return lines.get(name);
    }

    @Override
    public @Nullable String getFirst(String name) {
        return lines.getFirst(name);
    }

    @Override
    public Set<String> keySet() {
        return Collections.unmodifiableSet(lines.keySet());
    }

    @Override
    public Collection<List<String>> values() {
        return Collections.unmodifiableCollection(lines.values());
    }

    @Override
    public Set<Map.Entry<String, List<String>>> entrySet() {
        return Collections.unmodifiableMap(lines).entrySet();
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return lines.equals(other);
    }

    @Override
    public int hashCode() {
        return lines.hashCode();
    }

    @Override
    public String toString() {
        return lines.toString();
    }

    @Override
    public List<String> put(String name, List<String> values) {
        throw unmodifiable();
    }

    @Override
    public void add(String name, String value) {
        throw unmodifiable();
    }

    @Override
    public void set(String name, String value) {
        throw unmodifiable();
    }

    @Override
    public List<String> remove(Object name) {
        throw unmodifiable();
    }

    @Override
    public void putAll(Map<? extends String, ? extends List<String>> others) {
        throw unmodifiable();
    }

    @Override
    public void clear() {
        throw unmodifiable();
    }

    @Override
    public List<String> replace(String name, List<String> values) {
        throw unmodifiable();
    }

    @Override
    public boolean replace(String name, List<String> old, List<String> values) {
        throw unmodifiable();
    }

    @Override
    public void replaceAll(BiFunction<? super String, ? super List<String>, ? extends List<String>> change) {
        throw unmodifiable();
    }

    private static UnsupportedOperationException unmodifiable() {
        return new UnsupportedOperationException("the headers of a request cannot be changed");
    }
}
