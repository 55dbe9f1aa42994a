package dev.baton.agent.premain;

/**
 * What a program that is started with {@code ready=explicit} tells the agent. It is the only class of Baton's that such a
 * program calls, and can be called where there is no agent too:
 *
 * <pre>{@code
 * try {
 *     Class.forName("dev.baton.agent.premain.Program").getMethod("ready").invoke(null);
 * } catch (ClassNotFoundException e) {
 *     // Started without -javaagent:baton.jar.
 * }
 * }</pre>
 */
public final class Program {
    private static volatile Runnable agent = new Runnable() {
        @Override
        public void run() {
            // No agent, or one that the program runs without.
        }
    };

    private Program() {}

    /**
     * Says that this program can serve; returns at once. What its parent listened on, and it does not by now, is closed
     * when it takes over. Further calls do nothing, and so do all if {@code ready} is not {@code explicit}. Safe for use by
     * any thread.
     */
    public static void ready() {
        agent.run();
    }

    static void install(Runnable ready) {
        agent = ready;
    }
}
