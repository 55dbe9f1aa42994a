package dev.baton.posix;

/**
 * One message of a SOCK_SEQPACKET socket.
 *
 * @param payload the bytes; empty at the end of the stream
 * @param descriptors what came with them, close-on-exec, owned by the receiver
 * @param truncated whether bytes or descriptors were cut off, because they exceeded the receiver's bounds or because the
 *     receiver has no descriptor left (recvmsg(2), MSG_TRUNC and MSG_CTRUNC); what did come must still be closed
 */
@SuppressWarnings("ArrayRecordComponent") // A message is taken apart once and never compared.
public record ReceivedMessage(byte[] payload, int[] descriptors, boolean truncated) {

    /** Whether the peer has closed its end; Baton never sends an empty message. */
    public boolean isEndOfStream() {
        return payload.length == 0 && descriptors.length == 0 && !truncated;
    }
}
