package dev.baton.system;

import static dev.baton.system.RunningService.SOON;
import static org.assertj.core.api.Assertions.assertThat;

import dev.baton.testkit.Answer;
import dev.baton.testkit.Await;
import dev.baton.testkit.ExpectedBody;
import dev.baton.testkit.Outcome;
import dev.baton.testkit.ProcFs;
import dev.baton.testkit.Request;
import dev.baton.testkit.StrictConnection;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Guarantee 5 for a request of which a part has come: the connection moves with that part, wherever it ends. */
class PartialHeadTest {
    @TempDir
    private Path directory;

    private final List<Partial> partials = new ArrayList<>();

    @AfterEach
    void closeConnections() throws Exception {
        for (Partial partial : partials) {
            partial.connection().close();
        }
    }

    /** A connection on which the first bytes of a request were sent. */
    private record Partial(StrictConnection connection, String text, int sent, int head) {
        void sendRest() throws Exception {
            write(sent, text.length());
        }

        void write(int from, int to) throws Exception {
            connection.write(text.substring(from, to).getBytes(StandardCharsets.UTF_8));
        }

        boolean isBegun() {
            return sent >= head;
        }

        int receiveGeneration() {
            Outcome outcome = connection.receive(expected("/count"), SOON);
            assertThat(outcome).as("after %d of %d bytes", sent, text.length()).isInstanceOf(Answer.class);
            Answer answer = (Answer) outcome;
            assertThat(answer.status())
                    .as("after %d of %d bytes", sent, text.length())
                    .isEqualTo(200);
            assertThat(answer.announcesClose())
                    .as("after %d of %d bytes", sent, text.length())
                    .isFalse();
            return answer.generation().orElseThrow();
        }
    }

    private static Request expected(String body) {
        return Request.get("/", ExpectedBody.bytes(body.getBytes(StandardCharsets.UTF_8)));
    }

    /**
     * For each number of bytes that can have come there are connections of three kinds: a first request, of which the rest
     * is sent as soon as the new process serves, when its connection may be on its way; the same, sent when the connection
     * has moved; and that after a request that the old process has answered.
     */
    @Test
    void whateverPartOfARequestHasComeTheRestIsServedOnce() throws Exception {
        Path log = directory.resolve("log");
        try (RunningService service = RunningService.startWithAllTransports(directory, List.of())) {
            long parent = service.child().pid();
            Set<Long> others = ProcFs.socketInodes(parent);
            List<Partial> early = new ArrayList<>();
            List<Partial> late = new ArrayList<>();
            for (Transport transport : Transport.values()) {
                early.addAll(begin(service, transport, log, false));
                late.addAll(begin(service, transport, log, false));
                late.addAll(begin(service, transport, log, true));
            }
            ServerEnds ends = ServerEnds.since(others, parent);
            assertThat(ends.inodes()).hasSize(partials.size());

            service.hup();
            service.awaitSwitch(2);
            for (Partial partial : early) {
                partial.sendRest();
            }
            for (Partial partial : early) {
                assertThat(partial.receiveGeneration()).isBetween(1, partial.isBegun() ? 1 : 2);
            }
            long begun = late.stream().filter(Partial::isBegun).count();
            Await.state("the connections have moved", SOON, () -> ends.heldBy(parent) <= begun);
            for (Partial partial : late) {
                partial.sendRest();
                assertThat(partial.receiveGeneration())
                        .as("after %d of %d bytes of the head", partial.sent(), partial.head())
                        .isEqualTo(partial.isBegun() ? 1 : 2);
            }
            service.awaitEnd(1);
            for (Partial partial : partials) {
                partial.connection().send(RunningService.request("/next"));
                Answer next = (Answer) partial.connection().receive(RunningService.request("/next"), SOON);
                assertThat(next.generation()).hasValue(2);
            }
            PostedLines.assertEachOnce(log, partials.size());
            System.out.println(partials.size() + " connections with 0 to "
                    + (late.getFirst().text().length() - 1)
                    + " bytes of a request moved, and each request was executed once");
        }
    }

    private List<Partial> begin(RunningService service, Transport transport, Path log, boolean afterAnother)
            throws Exception {
        List<Partial> begun = new ArrayList<>();
        for (int sent = 0; ; sent++) {
            String line = partials.size() + "\n";
            String head = Scene.head("POST /count?" + log, "Content-Length: " + line.length());
            String text = head + line;
            if (sent >= text.length()) {
                return begun;
            }
            StrictConnection connection = transport.open(service);
            Partial partial = new Partial(connection, text, sent, head.length());
            partials.add(partial);
            begun.add(partial);
            if (afterAnother) {
                connection.send(RunningService.request("/before"));
                assertThat(connection.receive(RunningService.request("/before"), SOON))
                        .isInstanceOf(Answer.class);
            }
            partial.write(0, sent);
        }
    }

    @Test
    void aHeadThatComesByteByByteWithARestartAfterEachIsServedOnce() throws Exception {
        String head = "GET /x HTTP/1.1\r\nHost: a\r\n\r\n";
        int length = head.length();
        int step = Trials.full() ? 1 : 4;
        String[] unix = {Transport.UNIX.listenAddress(directory)};
        try (RunningService service =
                RunningService.startCheaply(directory, List.of(Service.HEAD_TIMEOUT, "PT10M"), "127.0.0.1:0", unix)) {
            for (Transport transport : Transport.values()) {
                partials.add(new Partial(transport.open(service), head, 0, length));
            }
            long begun = System.nanoTime();
            int generation = 1;
            for (int sent = 0; sent < length - 1; sent += step) {
                for (Partial partial : partials) {
                    partial.write(sent, Math.min(sent + step, length - 1));
                }
                service.restart(++generation);
            }
            for (Partial partial : partials) {
                partial.write(length - 1, length);
                Answer answer = (Answer) partial.connection().receive(expected("/x"), SOON);
                assertThat(answer.generation()).hasValue(generation);
                assertThat(answer.announcesClose()).isFalse();
            }
            System.out.println("a head of " + length + " bytes came in " + generation + " generations, in "
                    + Duration.ofNanos(System.nanoTime() - begun).toMillis() + " ms");
        }
    }
}
