package dev.baton;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.InetSocketAddress;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ListenAddressTest {

    @ParameterizedTest
    @CsvSource({
        "127.0.0.1:80, 127.0.0.1:80",
        "127.0.0.1:0, 127.0.0.1:0",
        "[::1]:443, [0:0:0:0:0:0:0:1]:443",
        "udp:127.0.0.1:53, udp:127.0.0.1:53",
        "udp:[::1]:53, udp:[0:0:0:0:0:0:0:1]:53",
        "unix:/run/a.sock, unix:/run/a.sock",
        "unix:/run/../run/a.sock, unix:/run/a.sock"
    })
    void aTextBecomesTheKeyThatNamesTheSameSocketInEveryGeneration(String text, String key) {
        assertThat(ListenAddress.parse(text).key()).isEqualTo(key);
        assertThat(ListenAddress.parse(key)).isEqualTo(ListenAddress.parse(text));
    }

    @Test
    void noHostMeansAllAddresses() {
        assertThat(((ListenAddress.Tcp) ListenAddress.parse(":80"))
                        .socketAddress()
                        .getAddress()
                        .isAnyLocalAddress())
                .isTrue();
        ListenAddress all = ListenAddress.parse(":80");
        assertThat(ListenAddress.parse("*:80")).isEqualTo(all);
        assertThat(ListenAddress.parse(all.key())).isEqualTo(all);
        assertThat(ListenAddress.tcp(new InetSocketAddress(80)))
                .as("Java's wildcard address")
                .isEqualTo(all);
        assertThat(ListenAddress.parse("0.0.0.0:80").key()).isEqualTo("0.0.0.0:80");
    }

    @Test
    void aRelativePathIsMadeAbsolute() {
        assertThat(ListenAddress.unix(Path.of("a.sock")).path()).isAbsolute();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "80",
                "host",
                "127.0.0.1:",
                "127.0.0.1:65536",
                "127.0.0.1:-1",
                "127.0.0.1:http",
                "::1:80",
                "unix:",
                "udp:",
                "udp:53",
                "udp:127.0.0.1:65536",
                "udp:::1:53"
            })
    void whatIsNoAddressIsRefusedWithItsText(String text) {
        assertThatThrownBy(() -> ListenAddress.parse(text))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("'" + text + "'");
    }

    @Test
    void anUnknownHostIsNamed() {
        assertThatThrownBy(() -> ListenAddress.parse("no-such-host.invalid:80"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("the host 'no-such-host.invalid' is not known");
    }
}
