package dev.baton.run;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

class NotificationTest {
    private static Notification of(String text) {
        return Notification.of(text.getBytes(StandardCharsets.UTF_8));
    }

    @Test
    void theLastLineOfANameCounts() {
        assertThat(of("FDNAME=a\nFDNAME=b=c\n").value("FDNAME")).contains("b=c");
        assertThat(of("READY=0").says("READY")).isFalse();
        assertThat(of("READY=1").says("READY")).isTrue();
    }

    @Test
    void aMainPidThatIsNoneIsLeftOut() {
        assertThat(of("MAINPID=12").mainPid()).contains(12);
        assertThat(of("MAINPID=-1").mainPid()).isEmpty();
        assertThat(of("MAINPID=").mainPid()).isEmpty();
        assertThat(of("MAINPID=99999999999").mainPid()).isEmpty();
    }

    @Test
    void whatIsForwardedIsTheStateOfTheServiceAndNotItsProcess() {
        assertThat(of("MAINPID=12\nREADY=1\nSTATUS=a=b\nFDSTORE=1\nRELOADING=1\nMONOTONIC_USEC=5")
                        .forwarded())
                .isEqualTo("READY=1\nSTATUS=a=b\nRELOADING=1\nMONOTONIC_USEC=5");
        assertThat(of("FDSTORE=1\nFDNAME=x").forwarded()).isEmpty();
    }
}
