package dev.baton.netty;

import dev.baton.drain.ConnectionState;
import io.netty.channel.Channel;
import io.netty.channel.epoll.EpollDomainSocketChannel;
import io.netty.channel.epoll.EpollSocketChannel;
import io.netty.handler.ssl.SslHandler;
import io.netty.util.AttributeKey;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The way of a connection to another process: whether it may go there, whether it can at this moment, whether it has asked.
 * A view that keeps nothing, because in most connections there is nothing to be kept. Event loop only.
 */
public final class Departure {
    /** Of a channel that has asked in the drain that is going on. */
    private static final AttributeKey<MovingConnection> ASKED = AttributeKey.valueOf(MovingConnection.class, "asked");

    private final ServedConnection served;
    private final Channel channel;

    Departure(ServedConnection served) {
        this.served = served;
        this.channel = served.channel();
    }

    /** Whether a connection can leave in a drain. */
    public enum Way {
        /** It can: now, or when it is at rest. */
        OPEN,
        /** It could, but the other process takes nothing any more: the drain is about to be undone, or that process has died. */
        LOST,
        /** It cannot: there is no drain, none for another process, the connection does not move, or was refused. */
        NONE
    }

    /** Whether the connection can leave in the drain that is going on. */
    public Way way() {
        if (!migrator().wasOpened() || !isOfThoseThatMove()) {
            return Way.NONE;
        }
        if (!migrator().isOpen()) {
            return Way.LOST;
        }
        return hasStayed() ? Way.NONE : Way.OPEN;
    }

    /**
     * Asks for the connection to be moved, if it is at rest and has not asked. For a hijacked one, of which no drain knows;
     * its protocol is told, by {@link ConnectionProtocol#drain} or {@link ConnectionProtocol#resume}, when it has not moved.
     */
    public void askIfAtRest() {
        if (canMoveNow()) {
            ask();
        }
    }

    /** Whether it has asked, and waits for room. */
    public boolean isAsking() {
        MovingConnection asked = asked();
        return asked != null && asked.isAsking();
    }

    /** The drain was undone: it may ask in the next one. */
    public void startOver() {
        if (channel.hasAttr(ASKED)) {
            channel.attr(ASKED).set(null);
        }
    }

    private Migrator migrator() {
        return served.home().migrator();
    }

    /** Whether the connection may, now or later in this drain, move to another process. */
    boolean mayMove() {
        return migrator().isOpen() && isOfThoseThatMove() && !hasStayed();
    }

    /**
     * The way is open before the drain begins, and may be open again when a task of a drain that was undone runs: without a
     * drain nothing moves. A hijacked connection does if it has got a protocol since.
     */
    private boolean isOfThoseThatMove() {
        ConnectionProtocol current = served.protocol();
        return served.tracked().drainReason().isPresent()
                && (channel instanceof EpollSocketChannel || channel instanceof EpollDomainSocketChannel)
                && (current == null ? !served.hijacked() : current.migratesAs().isPresent())
                && channel.pipeline().get(SslHandler.class) == null;
    }

    private boolean hasStayed() {
        MovingConnection asked = asked();
        return asked != null && asked.hasStayed();
    }

    /** Null if it has not asked in this drain. */
    @Nullable
    MovingConnection asked() {
        // Looked for first, because the question for an attribute that is not there makes it.
        return channel.hasAttr(ASKED) ? channel.attr(ASKED).get() : null;
    }

    /** Whether another process can go on with the connection at this moment, and there is one. */
    boolean canMoveNow() {
        ConnectionProtocol current = served.protocol();
        return mayMove() && (current == null ? isUndecidedAtRest() : current.isAtRest());
    }

    /** Nothing was said to the client, and what it has said, a handler can give back. */
    private boolean isUndecidedAtRest() {
        boolean nothingRead = served.tracked().state() == ConnectionState.NEW;
        return served.isUntouched()
                || (served.tracked().snapshot().bytesSent() == 0
                        && (nothingRead || channel.pipeline().get(UndispatchedBytes.class) != null));
    }

    /** Once until that is answered. */
    void ask() {
        if (asked() == null) {
            MovingConnection asking = new MovingConnection(served);
            channel.attr(ASKED).set(asking);
            migrator().request(asking);
        }
    }

    /** It was not at rest when there was room: it may ask again. */
    void forget(MovingConnection asking) {
        if (channel.attr(ASKED).compareAndSet(asking, null)) {
            served.tellProtocol();
        }
    }

    /** What a connection of this protocol is for another process. */
    Optional<String> migratesAs(@Nullable ConnectionProtocol as) {
        if (as != null) {
            return as.migratesAs();
        }
        return Optional.of(ProxyHeader.said(channel).isPresent() ? ProxyHeader.PROTOCOL_BEHIND : "");
    }

    /** Whether the pipeline of a connection that has arrived speaks what is called so. */
    boolean arrivedAs(String name) {
        ConnectionProtocol current = served.protocol();
        boolean same = current != null && current.migratesAs().equals(Optional.of(name));
        boolean speaks = switch (name) {
            case "", ProxyHeader.PROTOCOL_BEHIND -> !(current instanceof ProxyHeader);
            // A pipeline that finds it out by the first bytes finds it out by the next, which are a request's
            // first.
            case Http1Connection.PROTOCOL -> current == null || same;
            default -> same;
        };
        return speaks && channel.pipeline().get(SslHandler.class) == null;
    }
}
