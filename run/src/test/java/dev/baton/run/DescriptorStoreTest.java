package dev.baton.run;

import static org.assertj.core.api.Assertions.assertThat;

import dev.baton.posix.Descriptors;
import dev.baton.posix.Sockets;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class DescriptorStoreTest {
    private final DescriptorStore store = new DescriptorStore();

    @AfterEach
    void close() throws IOException {
        store.clear();
    }

    private static int socket() throws IOException {
        return Sockets.unix(Sockets.Type.STREAM);
    }

    private static boolean isOpen(int descriptor) {
        return Files.isSymbolicLink(Path.of("/proc/self/fd/" + descriptor));
    }

    @Test
    void oneSocketIsKeptOnceAndSeveralUnderOneName() throws Exception {
        int one = socket();
        store.add("web", Descriptors.duplicate(one), one);
        store.add("web", socket());
        store.add("other", socket());
        assertThat(store.names()).isEqualTo("web:web:other");
        assertThat(store.descriptors()).hasSize(3);
        assertThat(Arrays.stream(store.descriptors()).min().getAsInt()).isGreaterThanOrEqualTo(67);
        store.remove("web");
        assertThat(store.names()).isEqualTo("other");
    }

    @Test
    void whatCameIsClosedAlsoWhenItIsNotKept() throws Exception {
        int one = socket();
        int same = Descriptors.duplicate(one);
        store.add("web", one, same);
        assertThat(isOpen(one)).isFalse();
        assertThat(isOpen(same)).isFalse();
    }

    @Test
    void thereIsALimit() throws Exception {
        for (int i = 0; i < DescriptorStore.LIMIT + 2; i++) {
            store.add("web", socket());
        }
        assertThat(store.descriptors()).hasSize(DescriptorStore.LIMIT);
    }

    @Test
    void aNameThatCannotStandInTheVariableIsNotUsed() throws Exception {
        store.add("a:b", socket());
        store.add("", socket());
        store.add("baton.unix%3A/with space", socket());
        assertThat(store.names()).isEqualTo("stored:stored:baton.unix%3A/with space");
    }
}
