package dev.baton.system;

import static dev.baton.system.RunningService.SOON;
import static dev.baton.system.Scene.head;
import static org.assertj.core.api.Assertions.assertThat;

import dev.baton.testkit.Answer;
import dev.baton.testkit.Failure;
import dev.baton.testkit.FailureKind;
import dev.baton.testkit.Outcome;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** What an HTTP/1.1 connection can be in the middle of when its process begins to drain; in the order of completion. */
enum HalfwayState {
    /** First, because the server reads on for 10 s only after it has answered. */
    UPLOAD_ANSWERED_EARLY(scene -> {
        int length = 5 << 20;
        byte[] piece = new byte[1 << 16];
        scene.write(head("POST /refuse?" + scene.gate(), "Content-Length: " + length));
        scene.connection().write(piece);
        scene.awaitHandler();
        return () -> {
            for (int sent = piece.length; sent < length; sent += piece.length) {
                scene.connection().write(piece);
            }
            Outcome outcome = scene.receive("");
            assertThat(outcome).isInstanceOf(Answer.class);
            assertThat(((Answer) outcome).status()).isEqualTo(401);
            assertThat(((Answer) outcome).body()).hasSize(3_000);
            scene.assertEnds();
        };
    }),

    NOTHING_SENT(scene -> () -> {
        scene.write(head("GET /x"));
        scene.assertServed("/x", false);
    }),

    IDLE(scene -> {
        scene.write(head("GET /x"));
        scene.receiveAnswer("/x");
        return () -> {
            scene.write(head("GET /y"));
            scene.assertServed("/y", false);
        };
    }),

    HALF_A_REQUEST_LINE(scene -> {
        scene.write("GET /ha");
        return () -> {
            scene.write(head("lf"));
            scene.assertServed("/half", false);
        };
    }),

    HALF_A_HEAD(scene -> {
        scene.write("GET /x HTTP/1.1\r\nHost: local");
        return () -> {
            scene.write("host\r\nAccept: */*\r\n\r\n");
            scene.assertServed("/x", false);
        };
    }),

    HALF_A_FIXED_BODY(scene -> {
        scene.write(head("POST /count?" + scene.log(), "Content-Length: 9") + "line");
        return () -> {
            scene.write(" one\n");
            scene.assertServed("/count", true);
            scene.assertExecuted(List.of("line one"));
        };
    }),

    /** The size of the second chunk is 10 hexadecimal, and its first digit is there. */
    HALF_A_CHUNK_SIZE(scene -> {
        scene.write(head("POST /count?" + scene.log(), "Transfer-Encoding: chunked") + "5\r\nline \r\n1");
        return () -> {
            scene.write("0\r\nin two chunks !\n\r\n0\r\n\r\n");
            scene.assertServed("/count", true);
            scene.assertExecuted(List.of("line in two chunks !"));
        };
    }),

    RESPONSE_IS_STREAMING(scene -> {
        scene.write(head("GET /streaming?" + scene.gate()));
        scene.awaitHandler();
        return () -> {
            scene.openGate();
            scene.receiveAnswer(Endpoints.FIRST_HALF + Endpoints.SECOND_HALF);
            // Its head was sent before the drain, and could not say that the connection ends; the next one's can.
            scene.write(head("GET /next"));
            scene.assertServed("/next", false);
        };
    }),

    /** Three requests in one write, the first of which waits; two more come during the drain. */
    PIPELINED(scene -> {
        scene.write(head("GET /when?" + scene.gate()) + scene.post("2\n") + scene.post("3\n"));
        scene.awaitHandler();
        return () -> {
            scene.write(scene.post("4\n") + scene.post("5\n"));
            scene.openGate();
            if (scene.moves()) {
                scene.receiveAnswer("/when");
                boolean moved = false;
                for (int number = 2; number <= 5; number++) {
                    moved = scene.receiveAnswerOfEither("/count", moved);
                }
                scene.assertGoesOn();
                scene.assertExecuted(List.of("2", "3", "4", "5"));
                return;
            }
            List<String> answered = new ArrayList<>();
            boolean last = scene.receiveAnswer("/when").announcesClose();
            for (int number = 2; number <= 5 && !last; number++) {
                last = scene.receiveAnswer("/count").announcesClose();
                answered.add(String.valueOf(number));
            }
            scene.assertEnds();
            scene.assertExecuted(answered);
            assertThat(answered).as("what had come before the drain").contains("2", "3");
        };
    }),

    CONTINUE_NOT_YET_ASKED_FOR(scene -> {
        scene.write(head(
                "POST /when/count?" + scene.gate() + "&" + scene.log(), "Expect: 100-continue", "Content-Length: 5"));
        scene.awaitHandler();
        return () -> {
            scene.openGate();
            assertThat(scene.connection().readUntil("\r\n\r\n", SOON)).startsWith("HTTP/1.1 100 ");
            scene.write("line\n");
            scene.assertServed("/when/count", true);
            scene.assertExecuted(List.of("line"));
        };
    }),

    CONTINUE_RECEIVED(scene -> {
        scene.write(head("POST /count?" + scene.log(), "Expect: 100-continue", "Content-Length: 5"));
        assertThat(scene.connection().readUntil("\r\n\r\n", SOON)).startsWith("HTTP/1.1 100 ");
        return () -> {
            scene.write("line\n");
            scene.assertServed("/count", true);
            scene.assertExecuted(List.of("line"));
        };
    }),

    CLIENT_HALF_CLOSED(scene -> {
        scene.write(head("GET /when?" + scene.gate()));
        scene.connection().shutdownOutput();
        scene.awaitHandler();
        return () -> {
            scene.openGate();
            scene.assertLastAnswer("/when");
        };
    }),

    CLIENT_GONE(scene -> {
        scene.write(head("GET /when?" + scene.gate()));
        scene.awaitHandler();
        scene.connection().reset();
        return scene::openGate;
    }),

    HANDLER_THROWS_BEFORE_THE_HEAD(scene -> {
        scene.write(head("GET /when/throw?" + scene.gate()));
        scene.awaitHandler();
        return () -> {
            scene.openGate();
            Outcome outcome = scene.receive("");
            assertThat(outcome).isInstanceOf(Answer.class);
            assertThat(((Answer) outcome).status()).isEqualTo(500);
            scene.assertEnds();
        };
    }),

    HANDLER_THROWS_AFTER_THE_HEAD(scene -> {
        scene.write(head("GET /streaming/throw?" + scene.gate()));
        scene.awaitHandler();
        return () -> {
            scene.openGate();
            Outcome outcome = scene.receive(Endpoints.FIRST_HALF + Endpoints.SECOND_HALF);
            assertThat(outcome).isInstanceOf(Failure.class);
            assertThat(((Failure) outcome).kind()).isEqualTo(FailureKind.TRUNCATED);
        };
    }),

    COMPLETED_BY_ANOTHER_THREAD(scene -> {
        scene.write(head("GET /later?" + scene.gate()));
        scene.awaitHandler();
        return () -> {
            scene.openGate();
            scene.assertServed("/later", true);
        };
    }),

    /** Last, because the process ends while the client has not read everything. */
    SLOW_READER(scene -> {
        byte[] bytes = TestBytes.of(20_000_000);
        scene.write(head("GET /bytes?" + bytes.length, "Connection: close"));
        // Fits into the buffers of either transport, and for a Unix socket into a quarter of the sender's: only below
        // that does the kernel call it writable, and with more the end could stay in the server until the
        // drain-timeout.
        int unread = 32 << 10;
        return new Halfway() {
            @Override
            public void complete() throws Exception {
                assertThat(scene.connection().readUntil("\r\n\r\n", SOON)).startsWith("HTTP/1.1 200 ");
                scene.connection().expect(Arrays.copyOf(bytes, bytes.length - unread), SOON);
            }

            @Override
            public void afterExit() throws Exception {
                byte[] rest = Arrays.copyOfRange(bytes, bytes.length - unread, bytes.length);
                scene.connection().expect(rest, SOON);
                scene.assertEnds();
            }
        };
    });

    /** A connection that is in the state. */
    @FunctionalInterface
    interface Halfway {
        /** The old process drains: does the rest, and looks at what comes of it. */
        void complete() throws Exception;

        /** The old process has exited. */
        default void afterExit() throws Exception {}
    }

    @FunctionalInterface
    private interface Beginning {
        Halfway begin(Scene scene) throws Exception;
    }

    @SuppressWarnings("ImmutableEnumChecker") // A lambda without state.
    private final Beginning beginning;

    HalfwayState(Beginning beginning) {
        this.beginning = beginning;
    }

    Halfway begin(Scene scene) throws Exception {
        return beginning.begin(scene);
    }
}
