package dev.baton.drain;

import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.util.ArrayList;
import java.util.List;

/** A connection whose thread is whichever calls: it does at once what the registry asks and records it. */
final class FakeConnection implements ConnectionControl {
    private final List<String> asked = new ArrayList<>();
    private final TrackedConnection tracked;

    FakeConnection(Connections connections) {
        tracked = connections.open(this);
    }

    /** One that comes from another process. */
    FakeConnection(Connections connections, ConnectionHistory history) {
        tracked = connections.adopt(this, history);
    }

    TrackedConnection tracked() {
        return tracked;
    }

    ConnectionState state() {
        return tracked.state();
    }

    synchronized List<String> asked() {
        return List.copyOf(asked);
    }

    private synchronized void asked(String what) {
        asked.add(what);
    }

    @Override
    public void drain(DrainReason reason) {
        asked("drain " + reason);
    }

    @Override
    public void resume() {
        asked("resume");
    }

    @Override
    public void closeIfIdle() {
        asked("closeIfIdle");
        if (state() == ConnectionState.NEW || state() == ConnectionState.IDLE) {
            tracked.closed();
        }
    }

    @Override
    public void close() {
        asked("close");
        tracked.closed();
    }

    @Override
    public SocketAddress peer() {
        return InetSocketAddress.createUnresolved("peer", 1);
    }
}
