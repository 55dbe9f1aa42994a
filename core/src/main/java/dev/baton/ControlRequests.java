package dev.baton;

import java.io.IOException;
import org.jspecify.annotations.Nullable;

/**
 * What is asked of this generation at its control socket: the first frame of a connection says by whom and what for.
 *
 * <p>A connection that has said nothing yet is worth nothing: it has {@link Protocol#HANDSHAKE_TIMEOUT} for its first frame,
 * with all that is skipped before it, and gives way when others come ({@link Visitors}).
 */
final class ControlRequests implements ControlSocket.Service {
    private final Generation generation;
    private final Succession succession;
    private final WayBack wayBack;
    private final Owner owner;
    private final OperatorRequests operators;

    ControlRequests(
            Generation generation, Succession succession, WayBack wayBack, Owner owner, OperatorRequests operators) {
        this.generation = generation;
        this.succession = succession;
        this.wayBack = wayBack;
        this.owner = owner;
        this.operators = operators;
    }

    @Override
    public boolean expects(long pid) {
        return succession.expects(pid);
    }

    @Override
    public void serve(Visitors.Visitor visitor) throws IOException {
        FrameChannel channel = visitor.channel();
        channel.deadline(Protocol.HANDSHAKE_TIMEOUT);
        Frame first = receiveFirst(channel);
        if (first == null || !visitor.asks()) {
            return;
        }
        channel.timeout(Protocol.HANDSHAKE_TIMEOUT);
        switch (first.type()) {
            case HELLO -> succession.admit(visitor, first);
            case FALLBACK -> answerFallback(channel, first.number(Frame.Tag.PID));
            case LEAVE -> owner.post(generation::leave);
            case ASK_STATUS, ASK_RESTART, ASK_UNDO, ASK_STOP -> operators.serve(channel, first);
            default -> SuccessorLink.refuse(channel, first + " is no request");
        }
    }

    /** Whoever asks what only a later release understands learns that from this one. */
    private static @Nullable Frame receiveFirst(FrameChannel channel) throws IOException {
        try {
            return channel.receive();
        } catch (SilenceException e) {
            throw e;
        } catch (ProtocolException e) {
            SuccessorLink.refuse(channel, String.valueOf(e.getMessage()));
            throw e;
        }
    }

    private void answerFallback(FrameChannel channel, long successor) throws IOException {
        boolean serves = owner.ask(() -> wayBack.servesAfter(successor));
        if (serves) {
            channel.send(Frame.of(Frame.Type.SERVES));
        } else {
            SuccessorLink.refuse(channel, "it does not serve any more");
        }
    }
}
