package dev.baton.netty;

import dev.baton.Migration;
import dev.baton.MovableConnection.Frozen;
import dev.baton.drain.ConnectionHistory;
import dev.baton.drain.ConnectionSnapshot;
import dev.baton.drain.ConnectionState;
import dev.baton.netty.TransferState.Contribution;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandler;
import io.netty.channel.unix.UnixChannel;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What the other process is told of a frozen connection. In the event loop.
 *
 * @param before what the connection spoke when it was frozen; null if nothing was known yet
 * @param own what that has to say of itself
 * @param held what has come since
 */
@SuppressWarnings("ArrayRecordComponent") // Passed on once, never compared.
record ConnectionImage(ServedConnection served, @Nullable ConnectionProtocol before, byte[] own, HeldBack held) {

    /** Empty if a handler says no, or if it is too much. */
    Optional<Frozen> frozen() {
        Channel channel = served.channel();
        try {
            Optional<List<Contribution>> contributions = contributions();
            if (contributions.isEmpty()) {
                return Optional.empty();
            }
            byte[] encoded = new TransferState(
                            served.departure().migratesAs(before).orElseThrow(),
                            history(),
                            ProxyHeader.said(channel),
                            contributions.get(),
                            own,
                            unread())
                    .encode();
            int descriptor = ((UnixChannel) channel).fd().intValue();
            return encoded.length > Migration.MAX_STATE_BYTES
                    ? Optional.empty()
                    : Optional.of(new Frozen(served.home().listener(), descriptor, encoded));
        } catch (RuntimeException | Error e) {
            // An error too, such as a class that cannot be loaded because the jar was overwritten: whoever waits for
            // the image would wait for ever.
            ServerLog.connectionNotSaved(channel, e);
            return Optional.empty();
        }
    }

    private ConnectionHistory history() {
        ConnectionSnapshot now = served.tracked().snapshot();
        boolean fresh = now.requestsServed() == 0 && now.state() != ConnectionState.IDLE;
        return new ConnectionHistory(
                fresh ? ConnectionState.NEW : ConnectionState.IDLE,
                now.age(),
                now.requestsServed(),
                now.bytesReceived(),
                now.bytesSent());
    }

    /** Empty if a handler says no, or if they are too many bytes. */
    private Optional<List<Contribution>> contributions() {
        List<Contribution> all = new ArrayList<>(0);
        int size = 0;
        for (Map.Entry<String, ChannelHandler> each : served.channel().pipeline()) {
            if (each.getValue() instanceof ConnectionContribution handler) {
                Optional<byte[]> saved = handler.save();
                if (saved.isEmpty()) {
                    return Optional.empty();
                }
                Contribution contribution =
                        new Contribution(handler.contributionName(), handler.contributionVersion(), saved.get());
                size += contribution.size();
                all.add(contribution);
            }
        }
        return size > ConnectionContribution.MAX_BYTES ? Optional.empty() : Optional.of(all);
    }

    /** A handler nearer to the application has the older bytes; those that were held back have reached none. */
    private byte[] unread() {
        List<UndispatchedBytes> holders = new ArrayList<>(1);
        for (Map.Entry<String, ChannelHandler> each : served.channel().pipeline()) {
            if (each.getValue() instanceof UndispatchedBytes holder) {
                holders.add(holder);
            }
        }
        ByteBuf bytes = Unpooled.buffer(0);
        holders.reversed().forEach(each -> each.copyUndispatched(bytes));
        held.copyRead(bytes);
        return ByteBufUtil.getBytes(bytes);
    }
}
