package dev.baton.posix;

/** Who is at the other end of a Unix socket, by the kernel's word (unix(7), SO_PEERCRED). */
public record PeerCredentials(int pid, int uid, int gid) {}
