package dev.baton.netty;

import dev.baton.MigratingParticipant.Adoption;
import dev.baton.netty.TransferState.Contribution;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandler;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.RejectedExecutionException;

/**
 * A connection that comes from another process: in the registry, and not watched by epoll, so that nothing of it can be
 * read, before the other process is known to have given it up.
 *
 * <p><b>Prefix versus first read, settled here.</b> What the other process has read must reach the pipeline before
 * anything that is read here. {@link #register} is one task of the loop: in a loop's own thread Netty registers at once,
 * initialises the pipeline and arms epoll for reading before the call returns; then the state is restored and the prefix
 * passed on, and only after the task comes a round of I/O.
 */
final class AdoptedConnection implements Adoption, Suspended {
    private final ServedConnection served;
    private final Channel channel;
    private final ChildSetup setup;
    private final ChannelHandler handler;
    private final TransferState state;
    private final List<Runnable> later = new ArrayList<>(0);

    AdoptedConnection(
            ServedConnection served, Channel channel, ChildSetup setup, ChannelHandler handler, TransferState state) {
        this.served = served;
        this.channel = channel;
        this.setup = setup;
        this.handler = handler;
        this.state = state;
    }

    @Override
    public void begin() {
        inLoop(this::register);
    }

    @Override
    public void abandon() {
        inLoop(this::drop);
    }

    private void inLoop(Runnable task) {
        try {
            served.loop().execute(task);
        } catch (RejectedExecutionException _) {
            // The server is closed, and its connections with it.
            drop();
        }
    }

    /** Closes this process's copy of the descriptor. */
    private void drop() {
        later.clear();
        channel.unsafe().closeForcibly();
        served.failed();
    }

    private void register() {
        served.restore(null);
        state.proxy().ifPresent(addresses -> ProxyHeader.say(channel, addresses));
        if (!setup.register(channel, served, handler)) {
            return;
        }
        served.home().migrator().connectionAdopted();
        try {
            goOn();
        } catch (RuntimeException | Error e) {
            // A handler that cannot read what another release has saved, or whose class cannot be loaded. Without the
            // prefix, what comes next would be taken for the beginning of a request.
            ServerLog.connectionNotSetUp(channel, e);
            var _ = channel.close();
        }
    }

    private void goOn() {
        if (!fits() || !restoreContributions()) {
            var _ = channel.close();
            return;
        }
        if (state.prefix().length > 0) {
            served.replay(Unpooled.wrappedBuffer(state.prefix()));
        }
        later.forEach(Runnable::run);
        later.clear();
    }

    /** Whether what the handler has installed speaks what the connection does. */
    private boolean fits() {
        boolean fits = served.departure().arrivedAs(state.protocol());
        if (!fits) {
            ServerLog.connectionNotSetUp(
                    channel, new IllegalStateException("its handler does not speak '" + state.protocol() + "'"));
        }
        return fits;
    }

    private boolean restoreContributions() {
        boolean restored = true;
        for (Map.Entry<String, ChannelHandler> each : channel.pipeline()) {
            if (each.getValue() instanceof ConnectionContribution contribution) {
                for (Contribution saved : state.contributions()) {
                    restored &= !saved.name().equals(contribution.contributionName())
                            || contribution.restore(saved.version(), saved.state());
                }
            }
        }
        if (!restored) {
            ServerLog.contributionRefused(channel);
        }
        return restored;
    }

    // As the protocol, until the connection begins.

    @Override
    public void later(Runnable task) {
        later.add(task);
    }

    @Override
    public void closeIdle() {
        later(served::closeIfIdle);
    }
}
