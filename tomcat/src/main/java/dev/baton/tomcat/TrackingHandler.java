package dev.baton.tomcat;

import java.util.Optional;
import org.apache.tomcat.util.net.AbstractEndpoint;
import org.apache.tomcat.util.net.NioChannel;
import org.apache.tomcat.util.net.SocketEvent;
import org.apache.tomcat.util.net.SocketWrapperBase;

/**
 * Tells a connection what has become of an event of its socket. Tomcat calls it with the lock of the connection's wrapper,
 * which is what makes a decision about a connection fall between two of its events.
 */
record TrackingHandler(AbstractEndpoint.Handler<NioChannel> handler) implements AbstractEndpoint.Handler<NioChannel> {

    @Override
    public SocketState process(SocketWrapperBase<NioChannel> wrapper, SocketEvent event) {
        Optional<ServedConnection> connection = Tracked.of(wrapper);
        if (event == SocketEvent.ERROR) {
            connection.ifPresent(ServedConnection::failed);
        }
        SocketState state = handler.process(wrapper, event);
        connection.ifPresent(each -> {
            switch (state) {
                case OPEN -> {
                    // For a time-out that is out of date it means that nothing was done.
                    if (event != SocketEvent.TIMEOUT) {
                        each.idle();
                    }
                }
                case CLOSED -> each.finished();
                case UPGRADED, ASYNC_IO -> each.upgraded();
                case LONG, ASYNC_END, SENDFILE, UPGRADING, SUSPENDED -> {
                    // In the middle of a request.
                }
            }
        });
        return state;
    }

    @Override
    public Object getGlobal() {
        return handler.getGlobal();
    }

    @Override
    public void release(SocketWrapperBase<NioChannel> wrapper) {
        handler.release(wrapper);
    }

    @Override
    public void pause() {
        handler.pause();
    }

    @Override
    public void recycle() {
        handler.recycle();
    }
}
