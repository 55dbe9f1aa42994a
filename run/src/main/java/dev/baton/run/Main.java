package dev.baton.run;

import dev.baton.posix.Children;
import dev.baton.posix.Descriptors;
import dev.baton.posix.Programs;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/** The supervisor's JVM, which {@link Launch} makes of that of the command line. */
public final class Main {
    static final int CANNOT_RUN = 2;
    static final int NOT_EXECUTABLE = 126;
    static final int NOT_FOUND = 127;

    private Main() {}

    /**
     * Supervises a command.
     *
     * @param arguments those of {@link RunOptions}, {@code --} and the command
     */
    public static void main(String[] arguments) throws IOException {
        List<String> all = List.of(arguments);
        int end = all.indexOf(Launch.END);
        System.exit(supervise(RunOptions.of(all.subList(0, end)), all.size() - end - 1));
    }

    private static int supervise(RunOptions options, int words) throws IOException {
        Environment initial = Environment.initial();
        List<byte[]> line = Environment.split(Files.readAllBytes(Path.of("/proc/self/cmdline")));
        List<byte[]> command = line.subList(line.size() - words, line.size());
        DescriptorStore store = new DescriptorStore();
        takePassed(initial, store);
        Published published = new Published();
        Optional<Admin> admin;
        try {
            admin = options.admin().isPresent()
                    ? Optional.of(Admin.start(options.admin().get(), published))
                    : Optional.empty();
        } catch (IOException e) {
            Log.say("cannot listen on " + options.admin().orElseThrow() + " (" + e.getMessage()
                    + "); choose another address with --admin");
            return CANNOT_RUN;
        }
        // Before the first child, whose end is not to be missed.
        Signals signals = Signals.handle();
        Children.adoptOrphans();
        NotifySocket notifications = NotifySocket.open();
        Program program = new Program(command, initial, options, notifications.name());
        NotifySocket.Manager manager = new NotifySocket.Manager(initial.get("NOTIFY_SOCKET"));
        try {
            return new Supervisor(options, program, signals, notifications, manager, store, published).run();
        } finally {
            admin.ifPresent(Admin::close);
        }
    }

    /** What this process was given by its own supervisor, LISTEN_FDS of sd_listen_fds(3), is the program's. */
    private static void takePassed(Environment initial, DescriptorStore store) throws IOException {
        int count = Launch.passed(initial);
        List<String> names = List.of(initial.get("LISTEN_FDNAMES").orElse("").split(":", -1));
        for (int i = 0; i < count; i++) {
            store.add(i < names.size() ? names.get(i) : "", Programs.FIRST_DESCRIPTOR + i);
        }
        Descriptors.closeOnExecFrom(Programs.FIRST_DESCRIPTOR);
    }
}
