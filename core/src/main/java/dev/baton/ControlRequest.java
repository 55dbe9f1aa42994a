package dev.baton;

import dev.baton.Predecessors.Predecessor;
import dev.baton.posix.ProcessContext;
import java.io.IOException;
import java.nio.file.Path;

/** What one generation asks of another, to which it has no link, through that one's control socket. */
final class ControlRequest {
    private ControlRequest() {}

    /**
     * Asks a grandparent whether it serves; {@link Ancestry} says why. Waits for the answer, for a bounded time.
     *
     * @param parent the process that has died
     * @return whether the grandparent serves, or is about to; false also if it cannot be reached
     */
    static boolean serves(Path grandparent, long parent) {
        try (FrameChannel channel = connect(grandparent)) {
            channel.send(Frame.of(Frame.Type.FALLBACK).with(Frame.Tag.PID, Math.toIntExact(parent)));
            Frame answer = channel.receive();
            return answer != null && answer.type() == Frame.Type.SERVES;
        } catch (IOException e) {
            Log.controlRequestFailed(grandparent, e);
            return false;
        }
    }

    /** Asks an old generation to close what is left and to exit; does not wait until it has. */
    static void leave(Predecessor oldest) {
        try (FrameChannel channel = connect(oldest.controlSocket())) {
            channel.send(Frame.of(Frame.Type.LEAVE));
        } catch (IOException e) {
            Log.controlRequestFailed(oldest.controlSocket(), e);
        }
    }

    private static FrameChannel connect(Path path) throws IOException {
        FrameChannel channel = FrameChannel.connect(path);
        boolean ours = false;
        try {
            ours = channel.peer().uid() == ProcessContext.effectiveUserId();
        } finally {
            if (!ours) {
                channel.close();
            }
        }
        if (!ours) {
            throw new ProtocolException("it belongs to another user");
        }
        return channel;
    }
}
