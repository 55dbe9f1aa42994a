package dev.baton.testkit;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.SocketChannel;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * One client of a load: its connection, and the request that is outstanding on it.
 *
 * <pre>
 *   WAITING --> CONNECTING --> SENDING --> RECEIVING --> IDLE --> SENDING ...
 *      ^                                      |           |
 *      |                                      v           | the server closed it
 *      +------------- closed ------------- ENDING         |
 *      +------------------- any failure ------------------+
 *   WAITING, IDLE --> DONE when the load is over
 * </pre>
 *
 * The keep-alive race is decided here. Before a request is sent on a connection that was used before, the socket is read
 * once: an end of stream found by then is a close that lost nothing ({@code closedWithoutAWord}), because a client can
 * see it in time. Whatever ends the connection after the request's first byte was written is a failure of that request.
 *
 * <p>Confined to the loop's thread.
 */
final class LoadConnection {
    private enum State {
        WAITING,
        CONNECTING,
        SENDING,
        RECEIVING,
        IDLE,
        ENDING,
        DONE
    }

    private final LoadLoop loop;
    private final LoadRecorder recorder;
    private final boolean persistent;
    private final ResponseReader reader;
    private State state = State.WAITING;
    private @Nullable SocketChannel channel;

    /** How bytes go over the channel, since it is connected. */
    private @Nullable Wire wire;

    private ByteBuffer out = ByteBuffer.allocate(0);
    private @Nullable Request request;
    private long beganNanos;
    private long deadlineNanos;
    private long wakeNanos;
    private int served;

    LoadConnection(LoadLoop loop, LoadRecorder recorder, boolean persistent, String generationHeader) {
        this.loop = loop;
        this.recorder = recorder;
        this.persistent = persistent;
        this.reader = new ResponseReader(generationHeader);
    }

    /** When the loop is to call {@link #begin}; does not change while a timer is set. */
    long wakeNanos() {
        return wakeNanos;
    }

    /** Begins the next request, on the connection that is there or on a new one, unless the load is over. */
    void begin(long now) {
        if (state == State.DONE) {
            return;
        }
        LoadLoop.Prepared next = loop.nextRequest();
        if (next == null) {
            finish();
            return;
        }
        beganNanos = now;
        deadlineNanos = now + loop.timeoutNanos();
        request = next.request();
        out = next.wire().duplicate();
        reader.begin(next.request().expected());
        if (channel != null && closedWhileIdle()) {
            disconnect();
        }
        try {
            if (channel == null) {
                connect();
            } else {
                send(channel);
            }
        } catch (IOException e) {
            fail(channel == null ? FailureKind.OTHER : FailureKind.RESET, e.toString());
        }
    }

    /** Ends this client, if it has nothing outstanding. */
    void finishIfResting() {
        if (state == State.WAITING || state == State.IDLE) {
            finish();
        }
    }

    /** Fails what has not ended by its deadline. */
    void checkDeadline(long now) {
        if (now - deadlineNanos < 0) {
            return;
        }
        switch (state) {
            case CONNECTING -> fail(FailureKind.TIMED_OUT, "not connected in time");
            case SENDING -> fail(FailureKind.TIMED_OUT, "request not taken in time");
            case RECEIVING -> fail(FailureKind.TIMED_OUT, "no whole response in time");
            case ENDING -> fail(FailureKind.TIMED_OUT, "announced Connection: close and left it open");
            case WAITING, IDLE, DONE -> {
                // Nothing is awaited from the server.
            }
        }
    }

    /** The selector found the channel ready. */
    void ready(SelectionKey key, long now) {
        SocketChannel ready = channel;
        if (ready == null || !key.channel().equals(ready)) {
            return;
        }
        try {
            switch (state) {
                case CONNECTING -> finishConnect(ready, key);
                case SENDING -> {
                    if (!key.isWritable()) {
                        receive(now);
                    }
                    if (state == State.SENDING) {
                        send(ready);
                    }
                }
                case RECEIVING -> receive(now);
                case IDLE -> {
                    if (closedWhileIdle()) {
                        disconnect();
                        state = State.WAITING;
                    }
                }
                case ENDING -> awaitEnd(now);
                case WAITING, DONE -> throw new IllegalStateException("a channel in state " + state);
            }
        } catch (ResponseFault e) {
            fail(e.kind(), e.detail());
        } catch (IOException e) {
            fail(FailureKind.RESET, e + " in " + state);
        }
    }

    private void connect() throws IOException {
        state = State.CONNECTING;
        if (Connector.isUnix(loop.address())) {
            loop.connectUnix(this, beganNanos);
            return;
        }
        SocketChannel opened = Connector.openTcp();
        channel = opened;
        SelectionKey key = loop.register(opened, SelectionKey.OP_CONNECT, this);
        try {
            if (opened.connect(loop.address())) {
                connected(opened, key);
            }
        } catch (IOException e) {
            fail(Connector.kindOfConnectError(loop.address(), e), e.toString());
        }
    }

    /** A Unix connection for the request that began at {@code began} is there; too late if that has timed out. */
    void connectedUnix(SocketChannel opened, long began) throws IOException {
        if (state != State.CONNECTING || began != beganNanos) {
            opened.close();
            return;
        }
        opened.configureBlocking(false);
        channel = opened;
        connected(opened, loop.register(opened, SelectionKey.OP_READ, this));
    }

    void connectUnixFailed(IOException error, long began) {
        if (state == State.CONNECTING && began == beganNanos) {
            fail(Connector.kindOfConnectError(loop.address(), error), error.toString());
        }
    }

    private void finishConnect(SocketChannel connecting, SelectionKey key) throws IOException {
        try {
            if (!connecting.finishConnect()) {
                return;
            }
        } catch (IOException e) {
            fail(Connector.kindOfConnectError(loop.address(), e), e.toString());
            return;
        }
        connected(connecting, key);
    }

    private void connected(SocketChannel connected, SelectionKey key) throws IOException {
        recorder.connectionOpened();
        served = 0;
        wire = loop.wire(connected);
        key.interestOps(SelectionKey.OP_READ);
        send(connected);
    }

    private void send(SocketChannel to) throws IOException {
        state = State.SENDING;
        wire().write(out);
        if (out.hasRemaining() || !wire().isFlushed()) {
            loop.interest(to, SelectionKey.OP_READ | wire().awaitedToWrite());
            return;
        }
        state = State.RECEIVING;
        loop.interest(to, SelectionKey.OP_READ);
    }

    private Wire wire() {
        return Objects.requireNonNull(wire, "not connected");
    }

    private void receive(long now) throws IOException, ResponseFault {
        ByteBuffer bytes = loop.buffer().clear();
        int length = wire().read(bytes);
        if (length < 0) {
            reader.end();
            answered(now);
        } else if (reader.feed(bytes.flip())) {
            if (bytes.hasRemaining()) {
                throw new ResponseFault(FailureKind.WRONG_BODY, bytes.remaining() + " bytes after the response's end");
            }
            answered(now);
        }
    }

    private void answered(long now) throws ResponseFault {
        ResponseHead head = reader.head();
        if (head.status() >= 400) {
            FailureKind kind = head.status() < 500 ? FailureKind.CLIENT_ERROR : FailureKind.SERVER_ERROR;
            throw new ResponseFault(kind, "status " + head.status());
        }
        recorder.answered(head, beganNanos, now);
        served++;
        if (head.announcesClose()) {
            state = State.ENDING;
            deadlineNanos = now + loop.timeoutNanos();
        } else {
            if (!persistent) {
                disconnect();
            }
            rest(now);
        }
    }

    /** Waits for the end of a connection that the server has announced (or, without persistence, the client). */
    private void awaitEnd(long now) throws IOException, ResponseFault {
        int length = wire().read(loop.buffer().clear());
        if (length > 0) {
            throw new ResponseFault(FailureKind.OTHER, length + " bytes after a response that was to be the last");
        }
        if (length < 0) {
            if (persistent) {
                recorder.closedAsAnnounced();
            }
            disconnect();
            rest(now);
        }
    }

    /** Empties the socket before it is used again; counts and reports a connection that has ended. */
    private boolean closedWhileIdle() {
        int length;
        try {
            length = wire().read(loop.buffer().clear());
        } catch (IOException e) {
            length = -1;
        }
        if (length > 0) {
            record(FailureKind.OTHER, length + " bytes on an idle connection");
        } else if (length < 0) {
            recorder.closedWithoutAWord();
        }
        return length != 0;
    }

    private void rest(long now) {
        state = channel == null ? State.WAITING : State.IDLE;
        long think = loop.nextThinkNanos();
        if (think == 0) {
            begin(now);
        } else {
            wakeIn(think, now);
        }
    }

    private void fail(FailureKind kind, String detail) {
        record(kind, detail);
        disconnect();
        state = State.WAITING;
        wakeIn(loop.pauseNanos(), System.nanoTime());
    }

    private void record(FailureKind kind, String detail) {
        boolean reused = served > 0 && state != State.ENDING;
        recorder.failed(new Failure(kind, detail + " (" + request + ")", reused, System.nanoTime()), beganNanos);
    }

    private void wakeIn(long nanos, long now) {
        wakeNanos = now + nanos;
        loop.setTimer(this);
    }

    private void finish() {
        disconnect();
        state = State.DONE;
        loop.clientDone();
    }

    private void disconnect() {
        if (wire != null) {
            wire.end();
            wire = null;
        }
        if (channel != null) {
            LoadLoop.closeQuietly(channel);
            channel = null;
            served = 0;
        }
    }

    /** Gives everything up, at once. */
    void abandon() {
        if (state != State.DONE) {
            finish();
        }
    }
}
