package dev.baton.drain;

import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** A conversation as {@link Conversations} knows it, for whoever owns it. Safe for use by any thread. */
public final class TrackedConversation {
    private final Conversations conversations;
    private final ConversationControl control;

    /** Set at the conversation's turn, taken back when the drain is undone. Written under the lock of Conversations. */
    @Nullable
    volatile DrainReason told;

    /** A close ends it. Guarded by the lock of Conversations. */
    boolean closing;

    TrackedConversation(Conversations conversations, ConversationControl control) {
        this.conversations = conversations;
        this.control = control;
    }

    /** Why the conversation is to end; empty before its turn. Costs one volatile read. */
    public Optional<DrainReason> drainReason() {
        return Optional.ofNullable(told);
    }

    /** The conversation is over, and nothing of it is left to be waited for. A second call does nothing. */
    public void ended() {
        conversations.ended(this);
    }

    ConversationControl control() {
        return control;
    }
}
