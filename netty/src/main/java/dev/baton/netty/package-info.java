/**
 * Netty pipelines on listeners that survive restarts.
 *
 * <p>{@link dev.baton.netty.NettyServer} accepts, parks, drains and closes; {@link dev.baton.netty.Http1Connection} knows
 * when an HTTP/1.1 connection is active and ends it without loss. A plain Netty server becomes one that drains with
 *
 * <pre>{@code
 * NettyServer server = NettyServer.builder()
 *         .listener(listener)                                      // Baton's
 *         .childOption(ChannelOption.SO_KEEPALIVE, true)
 *         .childHandler(new ChannelInitializer<Channel>() {
 *             protected void initChannel(Channel channel) {
 *                 Http1Connection.install(channel.pipeline(), new HttpServerCodec());
 *                 channel.pipeline().addLast(new HttpObjectAggregator(1 << 20), new MyHandler());
 *             }
 *         })
 *         .build();                                                // parked: give it to Baton, or call resume()
 * }</pre>
 *
 * <p>{@code MyHandler} need not know of drains, nor close connections: a response that says {@code Connection: close}, or
 * that answers a request which does, ends the connection once it was written out.
 *
 * <p>{@link dev.baton.netty.DatagramServer} does the same for UDP.
 *
 * <p>A note on reading: while half-closure is allowed, Netty's epoll channels read everything that a client has sent as
 * soon as the client closes its side, even with {@code AUTO_READ} off. A handler that holds bodies back must bear with
 * it.
 */
@NullMarked
package dev.baton.netty;

import org.jspecify.annotations.NullMarked;
