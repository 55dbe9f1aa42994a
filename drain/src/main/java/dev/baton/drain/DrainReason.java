package dev.baton.drain;

/** Why connections are drained, for those protocols that can tell their peer (HTTP/2 GOAWAY, WebSocket 1012 or 1001). */
public enum DrainReason {
    /** Another process serves the same sockets now: a client that reconnects is served at once. */
    SUCCEEDED,
    /** The service ends. */
    STOPPED
}
