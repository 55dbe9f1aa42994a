package dev.baton;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * The connections to a control socket that have no right to stay, which is all but those of successors: so many at most,
 * and when another comes one of them gives way.
 *
 * <p>Without a bound, a peer that connects again and again would take all threads and descriptors; with a bound alone, it
 * would take all places, and the successor would wait in vain. So the one that has been silent longest goes. Who means
 * well speaks at once. Those whose request is being answered go after the silent: to lose an answer harms nobody. The process
 * that this generation has started and waits for goes last, so that no crowd at the door can part the two.
 */
final class Visitors {
    /** In the order in which they give way. */
    private enum Standing {
        SILENT,
        /** Has asked for something. */
        ASKING,
        /** The process that this generation waits for. */
        EXPECTED
    }

    private final int limit;
    private final List<Visitor> present = new ArrayList<>(); // the longest present first; guarded by this

    Visitors(int limit) {
        this.limit = limit;
    }

    /** One connection. Its own thread calls the methods. */
    final class Visitor {
        private final FrameChannel channel;
        private Standing standing; // guarded by Visitors.this
        private boolean dismissed; // guarded by Visitors.this

        private Visitor(FrameChannel channel, Standing standing) {
            this.channel = channel;
            this.standing = standing;
        }

        FrameChannel channel() {
            return channel;
        }

        /**
         * It has said what it wants.
         *
         * @return whether that still counts: false if it was made to give way meanwhile
         */
        boolean asks() {
            synchronized (Visitors.this) {
                if (standing == Standing.SILENT) {
                    standing = Standing.ASKING;
                }
                return !dismissed;
            }
        }

        /** It counts no more: it was admitted as a successor, or has gone. */
        void leave() {
            synchronized (Visitors.this) {
                present.remove(this);
                Visitors.this.notifyAll();
            }
        }
    }

    /**
     * Takes a connection in; waits until there is room, which is until the one that gives way has noticed.
     *
     * @param expected whether it comes from the process that this generation waits for
     * @throws InterruptedException if there was none; the channel is still the caller's
     */
    synchronized Visitor enter(FrameChannel channel, boolean expected) throws InterruptedException {
        while (present.size() >= limit) {
            present.stream()
                    .filter(visitor -> !visitor.dismissed)
                    .min(Comparator.comparing(visitor -> visitor.standing))
                    .ifPresent(visitor -> {
                        visitor.dismissed = true;
                        visitor.channel.shutdown();
                    });
            wait();
        }
        Visitor visitor = new Visitor(channel, expected ? Standing.EXPECTED : Standing.SILENT);
        present.add(visitor);
        return visitor;
    }
}
