package dev.baton.agent;

import java.lang.classfile.CodeBuilder;
import java.lang.classfile.Opcode;
import java.lang.constant.ClassDesc;
import java.lang.constant.ConstantDescs;
import java.lang.constant.MethodTypeDesc;
import java.net.InetSocketAddress;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * Lets Netty's native transports, epoll and io_uring, ask {@link ProgramListeners}: they bind and listen without the JDK.
 *
 * <p>{@code unix.Socket} is what they bind, the server channels are who does ({@link NettyChannels}). They are changed as
 * they are loaded, also where a library has them under a name of its own ({@code io.grpc.netty.shaded.io.netty...}); a
 * program that does not load them pays nothing. Why it is done so is in docs/adr/0008.
 */
final class NettyHooks {
    private static final String SOCKET = "io/netty/channel/unix/Socket";
    private static final String EPOLL_CHANNEL = "io/netty/channel/epoll/EpollServerSocketChannel";
    private static final String RING_CHANNEL = "io/netty/channel/uring/IoUringServerSocketChannel";

    private static final MethodTypeDesc BINDS =
            MethodTypeDesc.of(ConstantDescs.CD_boolean, ConstantDescs.CD_int, ConstantDescs.CD_Object);
    private static final MethodTypeDesc LISTENS =
            MethodTypeDesc.of(ConstantDescs.CD_boolean, ConstantDescs.CD_int, ConstantDescs.CD_int);
    private static final MethodTypeDesc LISTENING =
            MethodTypeDesc.of(ConstantDescs.CD_void, ConstantDescs.CD_int, ConstantDescs.CD_int);
    private static final MethodTypeDesc REAL_ADDRESS =
            MethodTypeDesc.of(ClassDesc.of(InetSocketAddress.class.getName()), ConstantDescs.CD_int);
    private static final MethodTypeDesc CHANNEL_BINDS =
            MethodTypeDesc.of(ConstantDescs.CD_void, ConstantDescs.CD_Object);
    private static final MethodTypeDesc NUMBER = MethodTypeDesc.of(ConstantDescs.CD_int);

    private NettyHooks() {}

    /** What is added to a class, by its name. */
    static Optional<Additions.ToClass> wanted(String name) {
        if (name.endsWith(SOCKET)) {
            return Optional.of(NettyHooks::toSocket);
        }
        return name.endsWith(EPOLL_CHANNEL) || name.endsWith(RING_CHANNEL)
                ? Optional.of(NettyHooks::toChannel)
                : Optional.empty();
    }

    private static Map<String, Additions.Addition> toSocket(ClassDesc socket) {
        Consumer<CodeBuilder> number = code -> code.aload(0).invokevirtual(socket, "intValue", NUMBER);
        return Map.of(
                "bind(Ljava/net/SocketAddress;)V",
                new Additions.Addition(
                        number.andThen(code -> code.aload(1)
                                .invokestatic(JdkHooks.CLASS, "binds", BINDS)
                                .ifThen(CodeBuilder::return_)),
                        Additions.NOTHING),
                "listen(I)V",
                new Additions.Addition(
                        number.andThen(code -> code.iload(1)
                                .invokestatic(JdkHooks.CLASS, "listens", LISTENS)
                                .ifThen(CodeBuilder::return_)),
                        number.andThen(code -> code.iload(1).invokestatic(JdkHooks.CLASS, "listening", LISTENING))),
                "localAddress()Ljava/net/InetSocketAddress;",
                new Additions.Addition(
                        number.andThen(code -> code.invokestatic(JdkHooks.CLASS, "realAddress", REAL_ADDRESS)
                                .dup()
                                .ifThenElse(Opcode.IFNONNULL, CodeBuilder::areturn, CodeBuilder::pop)),
                        Additions.NOTHING));
    }

    private static Map<String, Additions.Addition> toChannel(ClassDesc channel) {
        return Map.of(
                "doBind(Ljava/net/SocketAddress;)V",
                new Additions.Addition(
                        code -> code.aload(0).invokestatic(JdkHooks.CLASS, "channelBinds", CHANNEL_BINDS),
                        Additions.NOTHING));
    }
}
