package dev.baton.http;

import io.netty.buffer.ByteBuf;
import org.jspecify.annotations.Nullable;

/**
 * A piece of a response for the event loop.
 *
 * @param head with the first part only
 * @param last whether the response is complete with this part
 */
record ResponsePart(
        ExchangeTransport transport,
        ResponseBody body,
        @Nullable ResponseHead head,
        ByteBuf content,
        boolean last) implements Runnable {

    @Override
    public void run() {
        transport.write(this);
    }
}
