package dev.baton.system;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;

/**
 * The fault matrix: {successor, parent} x {killed, frozen, exits} x {each step of the handoff}, without and with an undo
 * window. The full product is run with {@code -Dbaton.trials=full}. It prints a table.
 *
 * <p>Guarantees 3 and 4 at every step of the handoff: {@link FaultCell} says what must hold, and why.
 */
class FaultMatrixTest {
    /** {@code -Dbaton.cells=REGEX}: to look at some cells alone, as they are named in the table. */
    private static final String ONLY = System.getProperty("baton.cells", ".*");

    private static final int BUSY_AT_ONCE = 3;
    private static final int FROZEN_AT_ONCE = 12;

    private static final Patience PATIENCE = new Patience();

    private static final Queue<String> ROWS = new ConcurrentLinkedQueue<>();

    /** Below those that the kernel gives to clients. */
    private static final AtomicInteger NEXT_PORT =
            new AtomicInteger(20_000 + (int) (ProcessHandle.current().pid() % 100) * 100);

    @TempDir
    private static Path directory;

    @TestFactory
    Stream<DynamicTest> whoeverIsStruckAtAStepHarmsNothingButWhatItHadInFlight() {
        ExecutorService runs = Executors.newFixedThreadPool(BUSY_AT_ONCE + FROZEN_AT_ONCE);
        Semaphore busy = new Semaphore(BUSY_AT_ONCE, true);
        List<DynamicTest> tests = new ArrayList<>();
        for (FaultCell cell : Trials.full() ? FaultCell.all() : FaultCell.some()) {
            if (!cell.toString().matches(ONLY)) {
                continue;
            }
            Future<FaultRun.Result> run = runs.submit(() -> run(cell, busy));
            tests.add(DynamicTest.dynamicTest(cell.toString(), () -> await(run)));
        }
        runs.shutdown();
        return tests.stream();
    }

    private static FaultRun.Result run(FaultCell cell, Semaphore busy) throws Exception {
        Path own = Files.createTempDirectory(directory, "cell");
        try {
            FaultRun.Result result = new FaultRun(cell, own, freePort(), PATIENCE, busy).run();
            ROWS.add(result.toString());
            return result;
        } catch (AssertionError e) {
            ROWS.add(cell + " | FAILED");
            throw e;
        }
    }

    private static void await(Future<FaultRun.Result> run) throws Exception {
        try {
            run.get();
        } catch (ExecutionException e) {
            throw new AssertionError(e.getMessage(), e);
        }
    }

    private static int freePort() throws IOException {
        while (true) {
            int port = NEXT_PORT.getAndIncrement();
            try (ServerSocket free = new ServerSocket(port, 1, InetAddress.getLoopbackAddress())) {
                return free.getLocalPort();
            } catch (IOException e) {
                // Somebody's.
            }
        }
    }

    @AfterAll
    static void print() {
        PATIENCE.close();
        System.out.println("fault matrix: cell | requests | failures | of them in flight or without a service | longest"
                + " gap | who serves at the end");
        ROWS.stream().sorted().forEach(System.out::println);
    }
}
