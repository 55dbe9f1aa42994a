package dev.baton.benchmarks;

import dev.baton.drain.ConnectionControl;
import dev.baton.drain.Connections;
import dev.baton.drain.DrainReason;
import dev.baton.drain.TrackedConnection;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;

/** The server's side of connections that are never drained: only the peer is ever asked for. */
enum UnusedControl implements ConnectionControl {
    INSTANCE;

    private static final SocketAddress PEER = new InetSocketAddress(InetAddress.getLoopbackAddress(), 1);

    static TrackedConnection open(Connections connections) {
        return connections.open(INSTANCE);
    }

    @Override
    public void drain(DrainReason reason) {
        throw unexpected();
    }

    @Override
    public void resume() {
        throw unexpected();
    }

    @Override
    public void closeIfIdle() {
        throw unexpected();
    }

    @Override
    public void close() {
        throw unexpected();
    }

    @Override
    public SocketAddress peer() {
        return PEER;
    }

    private static AssertionError unexpected() {
        return new AssertionError("no benchmark drains");
    }
}
