package dev.baton;

import dev.baton.Predecessors.Predecessor;
import dev.baton.posix.Errno;
import dev.baton.posix.PosixException;
import dev.baton.posix.ProcessContext;
import java.io.IOException;
import java.nio.file.Path;

/** What one generation asks of another, to which it has no link, through that one's control socket. */
final class ControlRequest {
    /** How often an elder that hangs up without an answer is asked again. */
    private static final int ATTEMPTS = 3;

    /** What an older generation says when it is asked whether it serves. */
    enum Answer {
        /** It does, or is about to. */
        YES,
        /** It never will: it says so, or has ended. */
        NO,
        /** It is there and says nothing. */
        NONE
    }

    private ControlRequest() {}

    /**
     * Asks an older generation whether it serves; {@link Ancestry} says why. Waits for the answer, for a bounded time.
     *
     * @param successor its successor, which has died or cannot understand it
     */
    static Answer serves(Path elder, long successor) {
        for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
            try (FrameChannel channel = connect(elder)) {
                channel.send(Frame.of(Frame.Type.FALLBACK).with(Frame.Tag.PID, Math.toIntExact(successor)));
                Frame answer = channel.receive();
                if (answer != null) {
                    return answer.type() == Frame.Type.SERVES ? Answer.YES : Answer.NO;
                }
                // It ends at this moment, which the next attempt shows, or sends others away too because too many came.
            } catch (SilenceException e) {
                Log.controlRequestFailed(elder, e);
                return Answer.NONE;
            } catch (PosixException e) {
                Log.controlRequestFailed(elder, e);
                return e.errno() == Errno.EAGAIN ? Answer.NONE : Answer.NO;
            } catch (IOException e) {
                Log.controlRequestFailed(elder, e);
                return Answer.NO;
            }
        }
        return Answer.NONE;
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
