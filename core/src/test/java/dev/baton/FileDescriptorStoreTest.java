package dev.baton;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class FileDescriptorStoreTest {

    @ParameterizedTest
    @ValueSource(
            strings = {
                "127.0.0.1:80",
                "[0:0:0:0:0:0:0:1]:8443",
                "udp:127.0.0.1:0",
                "unix:/run/shop/100%.sock",
                "unix:/run/a:b#c\n\u00e4 \u6f22"
            })
    void aNameIsOneThatSystemdTakesAndLeadsBackToTheAddress(String key) {
        String name = FileDescriptorStore.name(key);
        // fdname_is_valid of systemd: ASCII, no control characters, no colon, at most 255 characters.
        assertThat(name).matches("[ -9;-~]{1,255}").startsWith("baton.");
        assertThat(FileDescriptorStore.key(name).map(ListenAddress::key)).contains(key);
    }

    @Test
    void aNameThatWouldBeTooLongIsCutAndHasAHashInstead() {
        ListenAddress one = ListenAddress.unix(Path.of("/" + "\u00e4".repeat(45) + "1"));
        ListenAddress other = ListenAddress.unix(Path.of("/" + "\u00e4".repeat(45) + "2"));
        String name = FileDescriptorStore.name(one.key());
        assertThat(name).hasSizeLessThanOrEqualTo(255).matches("[ -9;-~]+");
        assertThat(name).isNotEqualTo(FileDescriptorStore.name(other.key()));
        assertThat(FileDescriptorStore.isOurs(name)).isTrue();
        assertThat(FileDescriptorStore.key(name))
                .as("the kernel tells the address")
                .isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "web.socket", "baton.", "baton.%", "baton.%4", "baton.%zz%3A1", "baton.nothing"})
    void aNameOfOthersLeadsNowhere(String name) {
        assertThat(FileDescriptorStore.key(name)).isEqualTo(Optional.empty());
    }
}
