package dev.baton.drain;

/**
 * What {@link Conversations} does to one conversation. Every method may be called by any thread, returns at once, and hands
 * its work to whoever owns the conversation. A call for one that has ended does nothing.
 *
 * <p>{@link #drain} and {@link #resume} say that something has changed, and may be called before
 * {@link Conversations#open} has returned. When one is undone by the other at the same moment, they may arrive in either
 * order: what holds is what {@link TrackedConversation#drainReason()} says when the owner asks.
 */
public interface ConversationControl {

    /** It is this conversation's turn to end, at its next boundary. Called once for each drain. */
    void drain(DrainReason reason);

    /** The drain was undone: the conversation goes on, unless its peer was told otherwise already. */
    void resume();

    /**
     * Ends the conversation now, wherever it is.
     *
     * @return whether that counts as a cut; false if it is counted as something else, such as a request
     */
    boolean close();
}
