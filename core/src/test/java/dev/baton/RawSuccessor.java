package dev.baton;

import dev.baton.posix.Descriptors;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;

/** A successor that speaks the protocol by itself, and not as it should. It prints each frame that it gets. */
final class RawSuccessor {
    /** Long enough for an answer that would be wrong. */
    private static final Duration A_WHILE = Duration.ofSeconds(1);

    private static final int STATUS = 7;

    private final HandoffVariables variables = InitialEnvironment.handoff().orElseThrow();

    private RawSuccessor() {}

    static void speak(String what) throws Exception {
        RawSuccessor successor = new RawSuccessor();
        try (FrameChannel channel = FrameChannel.connect(successor.variables.socket())) {
            channel.timeout(Duration.ofSeconds(30));
            successor.speak(channel, what);
        }
        System.exit(STATUS);
    }

    private void speak(FrameChannel channel, String what) throws Exception {
        if (what.equals("another-version")) {
            channel.send(hello(8, 9));
            print(channel);
            hang();
        }
        channel.send(hello(1, 1));
        if (what.equals("ready-at-once")) {
            channel.send(Frame.of(Frame.Type.READY));
        }
        awaitFrame(channel, Frame.Type.HANDED);
        switch (what) {
            case "ready-at-once" -> awaitFrame(channel, Frame.Type.SWITCH);
            case "ready-twice" -> {
                channel.send(Frame.of(Frame.Type.READY));
                channel.send(Frame.of(Frame.Type.READY));
                awaitFrame(channel, Frame.Type.SWITCH);
                awaitSilence(channel);
            }
            case "ready-elsewhere" -> {
                sayElsewhere(Frame.of(Frame.Type.READY));
                awaitSilence(channel);
            }
            case "token-twice" -> {
                sayElsewhere(hello(1, 1));
                hang();
            }
            case "accepts-untold" -> {
                channel.send(Frame.of(Frame.Type.ACCEPTING));
                hang();
            }
            case "hangs-up" -> {
                channel.close();
                hang();
            }
            default -> throw new IllegalArgumentException(what);
        }
    }

    private Frame hello(int minVersion, int maxVersion) {
        return Frame.of(Frame.Type.HELLO)
                .with(Frame.Tag.MIN_VERSION, minVersion)
                .with(Frame.Tag.MAX_VERSION, maxVersion)
                .with(Frame.Tag.TOKEN, variables.token())
                .with(Frame.Tag.RELEASE, "raw");
    }

    private void sayElsewhere(Frame frame) throws IOException {
        try (FrameChannel second = FrameChannel.connect(variables.socket())) {
            second.send(frame);
            print(second);
        }
    }

    private static void hang() {
        new CompletableFuture<>().join();
    }

    private static void awaitFrame(FrameChannel channel, Frame.Type wanted) throws IOException {
        while (print(channel) != wanted) {}
    }

    private static Frame.Type print(FrameChannel channel) throws IOException {
        FrameChannel.Received received = channel.receiveWithDescriptors();
        if (received == null) {
            throw new IOException("the parent hung up");
        }
        for (int descriptor : received.descriptors()) {
            Descriptors.close(descriptor);
        }
        System.out.println("raw gets " + received.frame());
        return received.frame().type();
    }

    private static void awaitSilence(FrameChannel channel) throws IOException {
        channel.timeout(A_WHILE);
        String answer;
        try {
            answer = String.valueOf(channel.receive());
        } catch (IOException e) {
            answer = "silence";
        }
        System.out.println("raw then gets " + answer);
    }
}
