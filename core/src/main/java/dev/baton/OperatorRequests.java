package dev.baton;

import java.io.IOException;
import java.time.Duration;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * What operators ask of this generation, each on the thread of its connection.
 *
 * <p>What the owner decides it says itself, in the same event: so an answer is on its way before anything that follows
 * from the decision, the end of this process above all. It never waits for that: an operator that does not read, or has
 * hung up, hears nothing, and all else goes on. The connection's thread sees the operator hang up, and closes.
 */
final class OperatorRequests {
    private final Generation generation;
    private final Owner owner;
    private final BatonOptions options;
    private final StatusReport report;

    OperatorRequests(Generation generation, Owner owner, BatonOptions options, StatusReport report) {
        this.generation = generation;
        this.owner = owner;
        this.options = options;
        this.report = report;
    }

    /** Answers a request; returns when all is said or the operator has hung up. */
    void serve(FrameChannel channel, Frame request) throws IOException {
        if (!isOurVersion(request)) {
            channel.send(Frame.of(Frame.Type.OTHER_VERSION)
                    .with(Frame.Tag.MIN_VERSION, Protocol.MIN_CONTROL_VERSION)
                    .with(Frame.Tag.MAX_VERSION, Protocol.MAX_CONTROL_VERSION)
                    .with(Frame.Tag.RELEASE, Protocol.release()));
            return;
        }
        String origin = "pid " + channel.peer().pid() + " at the control socket";
        switch (request.type()) {
            case ASK_STATUS -> status(channel);
            case ASK_RESTART -> restart(channel, origin);
            case ASK_UNDO -> undo(channel, origin);
            case ASK_STOP -> owner.post(() -> stop(channel, origin));
            default -> throw new ProtocolException(request + " is no request of an operator");
        }
        channel.timeout(Duration.ZERO);
        Frame more = channel.receive(); // Until one of the two hangs up.
        if (more != null) {
            throw new ProtocolException(more + " came while a request was answered");
        }
    }

    private static boolean isOurVersion(Frame request) throws ProtocolException {
        return Protocol.newestOfBoth(
                        Protocol.MIN_CONTROL_VERSION,
                        Protocol.MAX_CONTROL_VERSION,
                        request.number(Frame.Tag.MIN_VERSION),
                        request.number(Frame.Tag.MAX_VERSION))
                .isPresent();
    }

    private void status(FrameChannel channel) throws IOException {
        Optional<GenerationStatus> status = report.ask();
        if (status.isEmpty()) {
            sayLast(channel, Frame.of(Frame.Type.BUSY));
            return;
        }
        for (Frame frame : StatusFrames.encode(status.get())) {
            channel.send(frame, new int[0]); // Waits for room, within the channel's timeout: these may be many.
        }
        channel.shutdown();
    }

    private void restart(FrameChannel channel, String origin) {
        var _ = generation
                .restart(
                        origin,
                        step -> say(
                                channel,
                                OutcomeFrames.encode(step).with(Frame.Tag.READY_TIMEOUT, options.readyTimeout())))
                .thenAccept(result -> sayLast(channel, OutcomeFrames.encode(result)));
    }

    private void undo(FrameChannel channel, String origin) {
        var _ = generation.undo(origin).thenAccept(result -> sayLast(channel, OutcomeFrames.encode(result)));
    }

    private void stop(FrameChannel channel, String origin) {
        if (generation.isService()) {
            sayLast(channel, OutcomeFrames.encode(new StopResult.Stopping()));
            generation.beginStop(origin);
        } else {
            OptionalLong servedBy = generation.servedBy();
            sayLast(channel, OutcomeFrames.encode(new StopResult.NotServing(generation.state(), servedBy)));
        }
    }

    private static void say(FrameChannel channel, Frame frame) {
        try {
            channel.send(frame);
        } catch (IOException e) {
            // It has hung up, or does not read: its own affair.
        }
    }

    private static void sayLast(FrameChannel channel, Frame frame) {
        say(channel, frame);
        channel.shutdown();
    }
}
