package dev.baton.system;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.baton.posix.Descriptors;
import dev.baton.posix.Messages;
import dev.baton.posix.Sockets;
import dev.baton.testkit.ChildJvm;
import dev.baton.testkit.ProcFs;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.UnixDomainSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * A systemd of one service, as far as the service can see it: it hears sd_notify(3), stores descriptors, and passes them to
 * the next life of the service as sd_listen_fds(3) says. It is stricter than systemd, which ignores what makes no sense:
 * here that is an error.
 *
 * <pre>
 *   STARTING --READY--> RUNNING --RELOADING--> RELOADING --READY--> RUNNING
 *   RUNNING, RELOADING --STOPPING--> STOPPING
 * </pre>
 *
 * A thread of its own judges each datagram as it comes, while the processes concerned live.
 */
final class SystemdDouble implements AutoCloseable {
    private static final Duration SOON = Duration.ofSeconds(60);
    private static final int MAX_BYTES = 8192;
    private static final int MAX_NAME = 255;
    private static final long OWN = ProcessHandle.current().pid();

    /** Begins what this process sends to itself. */
    private static final String BARRIER = "BARRIER=";

    private static final Set<String> WORDS = Set.of(
            "READY",
            "RELOADING",
            "MONOTONIC_USEC",
            "STOPPING",
            "STATUS",
            "MAINPID",
            "EXTEND_TIMEOUT_USEC",
            "WATCHDOG",
            "FDSTORE",
            "FDSTOREREMOVE",
            "FDNAME");

    private enum State {
        STARTING,
        RUNNING,
        RELOADING,
        STOPPING
    }

    /** A datagram. */
    record Notification(long sender, List<String> lines, long atNanos) {
        boolean has(String line) {
            return lines.contains(line);
        }
    }

    /** What is passed to the next life: a stored socket, or a socket unit's. */
    private record Held(String name, int descriptor, String socket) {}

    private final Path directory;
    private final int notifications;
    private final int passing;
    private final boolean watchdog;
    private final BlockingQueue<Object> judged = new LinkedBlockingQueue<>();
    private final Set<Long> members = new HashSet<>(); // of the judging thread
    private final List<Held> units = new ArrayList<>();
    private final List<Held> store = new ArrayList<>(); // guarded by this
    private State state = State.STARTING; // guarded by this
    private long main; // guarded by this
    private int barriers; // guarded by this
    private int passedBarriers; // guarded by this
    private boolean deaf; // guarded by this
    private volatile boolean closed;

    private SystemdDouble(Path directory, boolean watchdog) throws IOException {
        this.directory = directory;
        this.watchdog = watchdog;
        this.notifications = Sockets.unix(Sockets.Type.DATAGRAM);
        Sockets.passCredentials(notifications);
        Sockets.bind(notifications, UnixDomainSocketAddress.of(directory.resolve("notify")));
        this.passing = Sockets.unix(Sockets.Type.STREAM);
        Sockets.bind(passing, UnixDomainSocketAddress.of(directory.resolve("passing")));
        Sockets.listen(passing, 16);
        Thread.ofPlatform().daemon().name("systemd-notify").start(this::judgeAll);
        Thread.ofPlatform().daemon().name("systemd-passing").start(this::passAll);
    }

    static SystemdDouble open(Path directory) throws IOException {
        return new SystemdDouble(directory, false);
    }

    /** One whose service has {@code WatchdogSec}. */
    static SystemdDouble withWatchdog(Path directory) throws IOException {
        return new SystemdDouble(directory, true);
    }

    /** A socket unit, with the listener that has this descriptor; the double owns it from now on. */
    void socketUnit(String name, int descriptor) throws IOException {
        units.add(new Held(name, descriptor, ""));
    }

    /** Has a service that is described started as systemd does, with the sockets that it has. */
    ChildJvm.Builder start(ChildJvm.Builder service) {
        synchronized (this) {
            state = State.STARTING;
            main = 0;
        }
        service.environment("NOTIFY_SOCKET", directory.resolve("notify").toString())
                .environment("FDSTORE", "16");
        String java = ProcessHandle.current().info().command().orElseThrow();
        return service.startedBy(
                java,
                "-XX:TieredStopAtLevel=1",
                "-XX:+UseSerialGC",
                "--enable-native-access=ALL-UNNAMED",
                "-cp",
                System.getProperty("java.class.path"),
                PassedStart.class.getName(),
                directory.resolve("passing").toString());
    }

    private void passAll() {
        try {
            while (!closed) {
                int connection = Sockets.accept(passing);
                try {
                    List<Held> held;
                    synchronized (this) {
                        held = Stream.concat(units.stream(), store.stream()).toList();
                    }
                    byte[] names = held.stream()
                            .map(Held::name)
                            .collect(Collectors.joining(":"))
                            .getBytes(UTF_8);
                    Messages.send(
                            connection,
                            names.length == 0 ? new byte[] {' '} : names,
                            held.stream().mapToInt(Held::descriptor).toArray(),
                            true);
                } finally {
                    Descriptors.close(connection);
                }
            }
        } catch (IOException e) {
            if (!closed) {
                judged.add(new AssertionError("sockets could not be passed", e));
            }
        }
    }

    private void judgeAll() {
        try {
            hearAll();
        } catch (IOException e) {
            judged.add(new AssertionError("nothing more can be heard", e));
        } finally {
            synchronized (this) {
                deaf = true;
                notifyAll();
            }
        }
    }

    private void hearAll() throws IOException {
        while (!closed) {
            Messages.Signed signed = Messages.receiveSigned(notifications, MAX_BYTES);
            List<String> lines = List.of(new String(signed.message().payload(), UTF_8).split("\n", 0));
            Notification heard = new Notification(signed.sender().pid(), lines, System.nanoTime());
            if (closed) {
                return;
            }
            if (heard.sender() == OWN && lines.getFirst().startsWith(BARRIER)) {
                passed(Integer.parseInt(lines.getFirst().substring(BARRIER.length())));
                continue;
            }
            try {
                judge(heard, signed.message().descriptors());
                judged.add(heard);
            } catch (AssertionError e) {
                judged.add(e);
                return;
            }
        }
    }

    private synchronized void passed(int barrier) {
        passedBarriers = barrier;
        notifyAll();
    }

    /** Waits until all that was sent before is judged: datagrams come in the order in which they were sent. */
    void awaitJudged() throws IOException, InterruptedException {
        long start = System.nanoTime();
        int own;
        synchronized (this) {
            if (deaf) {
                return; // What was wrong is among what was judged.
            }
            own = ++barriers;
        }
        send(BARRIER + own);
        awaitState(start, "what was sent is judged", () -> passedBarriers >= own);
    }

    private synchronized void awaitState(long start, String what, BooleanSupplier reached) throws InterruptedException {
        while (!deaf && !reached.getAsBoolean()) {
            long left = TimeUnit.NANOSECONDS.toMillis(start + SOON.toNanos() - System.nanoTime());
            if (left <= 0) {
                throw new AssertionError("not within " + SOON + ": " + what);
            }
            wait(left);
        }
    }

    private void send(String text) throws IOException {
        int socket = Sockets.unix(Sockets.Type.DATAGRAM);
        try {
            Sockets.setTimeout(socket, SOON);
            Messages.sendTo(socket, UnixDomainSocketAddress.of(directory.resolve("notify")), text.getBytes(UTF_8));
        } finally {
            Descriptors.close(socket);
        }
    }

    private synchronized void judge(Notification heard, int... descriptors) throws IOException {
        Map<String, String> words = new LinkedHashMap<>();
        for (String line : heard.lines()) {
            int equals = line.indexOf('=');
            check(equals > 0 && WORDS.contains(line.substring(0, equals)), heard, "a word that is not known: " + line);
            check(
                    words.put(line.substring(0, equals), line.substring(equals + 1)) == null,
                    heard,
                    "a word comes twice");
        }
        check(belongs(heard.sender()), heard, "the sender does not belong to the service");
        if (main == 0) {
            main = heard.sender();
        }
        if (words.containsKey("MAINPID")) {
            long named = Long.parseLong(words.get("MAINPID"));
            check(ProcFs.running(named) && belongs(named), heard, "the main process is none of the service's");
            check(
                    heard.sender() == main || heard.sender() == named,
                    heard,
                    "neither the main process nor the one that is to be it says so");
            check(words.containsKey("READY"), heard, "a main process that is not ready");
            check(
                    state != State.STARTING || named == main,
                    heard,
                    "another main process than the one that was started");
            check(state != State.RUNNING || named != main, heard, "the main process is named for nothing");
        } else if (words.containsKey("STOPPING") || words.containsKey("RELOADING") || words.containsKey("READY")) {
            check(heard.sender() == main, heard, "only the main process may say that");
        }
        if (words.containsKey("WATCHDOG")) {
            check(watchdog, heard, "nobody has asked for it");
            check(heard.sender() == main, heard, "only the main process may say that");
            check(state == State.RUNNING || state == State.RELOADING, heard, "not now");
        }
        move(words, heard);
        if (words.containsKey("EXTEND_TIMEOUT_USEC")) {
            check(Long.parseLong(words.get("EXTEND_TIMEOUT_USEC")) > 0, heard, "no time");
            check(heard.sender() == main, heard, "only the main process may say that");
            check(state != State.RUNNING, heard, "nothing is under way");
        }
        store(words, heard, descriptors);
    }

    private void move(Map<String, String> words, Notification heard) {
        if (words.containsKey("RELOADING")) {
            check(state == State.RUNNING, heard, "not now");
            long now = System.nanoTime() / 1_000;
            long said = Long.parseLong(words.getOrDefault("MONOTONIC_USEC", "0"));
            check(said <= now && said > now - 60_000_000, heard, "the time is not that of the monotonic clock");
            state = State.RELOADING;
        }
        if (words.containsKey("READY")) {
            check(state != State.STOPPING, heard, "not now");
            check(state != State.RUNNING || words.containsKey("MAINPID"), heard, "it is ready already");
            state = State.RUNNING;
        }
        if (words.containsKey("STOPPING")) {
            check(state == State.RUNNING || state == State.RELOADING, heard, "not now");
            state = State.STOPPING;
        }
        main = Long.parseLong(words.getOrDefault("MAINPID", Long.toString(main)));
    }

    private void store(Map<String, String> words, Notification heard, int... descriptors) throws IOException {
        String name = words.getOrDefault("FDNAME", "");
        boolean stores = words.containsKey("FDSTORE");
        boolean removes = words.containsKey("FDSTOREREMOVE");
        check(descriptors.length == (stores ? 1 : 0), heard, descriptors.length + " descriptors come with it");
        if (!stores && !removes) {
            return;
        }
        check(state == State.STARTING || state == State.RUNNING, heard, "not now");
        check(heard.sender() == main, heard, "only the main process may say that");
        check(
                !name.isEmpty()
                        && name.length() <= MAX_NAME
                        && name.chars().allMatch(each -> each >= ' ' && each < 0x7f && each != ':'),
                heard,
                "no name");
        if (stores) {
            String socket = Files.readSymbolicLink(Path.of("/proc/self/fd/" + descriptors[0]))
                    .toString();
            check(
                    store.stream().noneMatch(held -> held.socket().equals(socket)),
                    heard,
                    "the socket is in the store already");
            store.add(new Held(name, descriptors[0], socket));
        } else {
            List<Held> named =
                    store.stream().filter(held -> held.name().equals(name)).toList();
            check(!named.isEmpty(), heard, "nothing of that name is in the store");
            for (Held held : named) {
                Descriptors.close(held.descriptor());
            }
            store.removeAll(named);
        }
    }

    /**
     * Whether a process is one of the service, which has the variable, as all that come of it. It is remembered, because
     * one that has ended has no environment any more.
     */
    private boolean belongs(long pid) {
        if (pid == OWN || members.contains(pid)) {
            return true;
        }
        try {
            boolean belongs = directory
                    .resolve("notify")
                    .toString()
                    .equals(ProcFs.environment(pid).get("NOTIFY_SOCKET"));
            if (belongs) {
                members.add(pid);
            }
            return belongs;
        } catch (UncheckedIOException e) {
            return false; // It has ended.
        }
    }

    private void check(boolean right, Notification heard, String wrong) {
        if (!right) {
            throw new AssertionError(
                    wrong + ": " + heard + " while " + state + ", main process " + main + ", store " + store);
        }
    }

    /** The next datagram. */
    Notification next() throws InterruptedException {
        Object next = judged.poll(SOON.toNanos(), TimeUnit.NANOSECONDS);
        if (next instanceof AssertionError error) {
            throw error;
        }
        if (next == null) {
            throw new AssertionError("nothing was said within " + SOON);
        }
        return (Notification) next;
    }

    /** Skips what comes before a datagram with this line. */
    Notification awaitLine(String line) throws InterruptedException {
        Notification next = next();
        while (!next.has(line)) {
            next = next();
        }
        return next;
    }

    /** Whether nothing is said for so long. */
    boolean isSilentFor(Duration time) throws InterruptedException {
        return judged.poll(time.toNanos(), TimeUnit.NANOSECONDS) == null;
    }

    /** What has been sent and was not asked for. */
    List<Notification> rest() throws IOException, InterruptedException {
        awaitJudged();
        List<Notification> rest = new ArrayList<>();
        while (!judged.isEmpty()) {
            rest.add(next());
        }
        return rest;
    }

    /** The names in the store, when the service has said that it is ready and all that it has sent is judged. */
    List<String> stored() throws IOException, InterruptedException {
        awaitState(System.nanoTime(), "the service is ready", () -> state != State.STARTING);
        awaitJudged();
        synchronized (this) {
            return store.stream().map(Held::name).toList();
        }
    }

    @Override
    public void close() throws IOException {
        closed = true;
        send("x");
        Sockets.shutdown(passing);
        Descriptors.close(passing);
        Descriptors.close(notifications);
        for (Held held : Stream.concat(units.stream(), store.stream()).toList()) {
            Descriptors.close(held.descriptor());
        }
        for (Object left : judged) {
            if (left instanceof AssertionError error) {
                throw error;
            }
        }
    }
}
