package dev.baton;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.baton.posix.Descriptors;
import dev.baton.posix.PosixException;
import dev.baton.posix.Sockets;
import java.io.IOException;
import java.net.UnixDomainSocketAddress;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a successor does to listeners that are still its parent's. */
class ListenerTakeOverTest {
    @TempDir
    private Path directory;

    private Path path;
    private ListenAddress address;
    private final ListenerTable parent = new ListenerTable();
    private final ListenerTable successor = new ListenerTable();

    @BeforeEach
    void nameAPath() {
        path = directory.resolve("s");
        address = ListenAddress.unix(path);
    }

    @Test
    void aSuccessorThatFailsLeavesTheParentItsPathsAndTakesItsOwnAway() throws IOException {
        parent.claim(address, 0);
        ListenAddress unclaimed = unix("unclaimed");
        parent.claim(unclaimed, 0);
        inherit();
        successor.claim(address, 0).close();
        Path closed = directory.resolve("closed");
        successor.claim(ListenAddress.unix(closed), 0).close();
        assertThat(closed).doesNotExist();
        Path open = directory.resolve("open");
        successor.claim(ListenAddress.unix(open), 0);

        successor.abandon();
        assertThat(open).doesNotExist();
        assertThat(path).exists();
        assertThat(directory.resolve("unclaimed")).exists();
        assertThat(connects(path)).as("the parent serves on").isTrue();
        parent.closeAll();
        assertThat(path).doesNotExist();
    }

    @Test
    void whatASuccessorAbandonsWhileItHoldsItStaysTheParents() throws IOException {
        parent.claim(address, 0);
        inherit();
        successor.claim(address, 0);
        successor.abandon();
        assertThat(connects(path)).isTrue();
        parent.closeAll();
    }

    @Test
    void thePathsOfDroppedListenersGoWhenTheParentHasParkedAndNotBefore() throws IOException {
        parent.claim(address, 0);
        ListenAddress unclaimed = unix("unclaimed");
        parent.claim(unclaimed, 0);
        ListenAddress kept = unix("kept");
        parent.claim(kept, 0);
        inherit();
        Listener dropped = successor.claim(address, 0);
        Listener listener = successor.claim(kept, 0);
        successor.takeOver();
        dropped.close();
        assertThat(directory).isDirectoryContaining("glob:**/s").isDirectoryContaining("glob:**/unclaimed");

        parent.releaseAll();
        assertThat(successor.removeDropped()).containsExactlyInAnyOrder(address, unclaimed);
        assertThat(path).doesNotExist();
        assertThat(directory.resolve("unclaimed")).doesNotExist();
        assertThat(directory.resolve("kept")).exists();
        assertThat(successor.removeDropped()).isEmpty();
        listener.close();
        assertThat(directory.resolve("kept")).as("the parent needs it no more").doesNotExist();
    }

    @Test
    void thePathOfADroppedListenerThatIsBoundAgainStays() throws IOException {
        parent.claim(address, 0);
        inherit();
        successor.claim(address, 0).close();
        parent.releaseAll();
        Listener again = successor.claim(address, 0);
        assertThat(again.inherited()).isFalse();
        assertThat(successor.removeDropped()).isEmpty();
        assertThat(connects(path)).isTrue();
        successor.closeAll();
        assertThat(path).doesNotExist();
    }

    @Test
    void theEndOfTheServiceRemovesWhatWasDroppedToo() throws IOException {
        parent.claim(address, 0);
        inherit();
        successor.claim(address, 0).close();
        parent.releaseAll();
        successor.closeAll();
        assertThat(path).doesNotExist();
    }

    @Test
    void theParentsQueueKeepsItsLengthUntilTheSuccessorTakesOver() throws IOException {
        parent.claim(address, 1);
        assertThat(UnixQueue.fill(path)).isEqualTo(2);
        inherit();
        successor.claim(address, 5);
        assertThat(UnixQueue.fill(path)).isZero();
        successor.takeOver();
        assertThat(UnixQueue.fill(path)).isEqualTo(4);
        parent.releaseAll();
        successor.closeAll();
    }

    @Test
    void aQueueWhoseLengthCannotBeSetStopsNoOther() throws IOException {
        Path other = directory.resolve("other");
        parent.claim(address, 1);
        parent.claim(ListenAddress.unix(other), 1);
        assertThat(UnixQueue.fill(other)).isEqualTo(2);
        int broken = inherit();
        successor.claim(address, 5);
        successor.claim(ListenAddress.unix(other), 5);
        Descriptors.close(broken);
        assertThatThrownBy(successor::takeOver)
                .isInstanceOf(IOException.class)
                .hasMessageStartingWith("the backlog of " + address.key() + " stays the parent's: listen: bad file");
        assertThat(UnixQueue.fill(other)).isEqualTo(4);
        successor.closeAll();
        parent.closeAll();
    }

    @Test
    void afterTheEndNothingCanBeClaimed() throws IOException {
        parent.releaseAll();
        assertThatThrownBy(() -> parent.claim(address, 0))
                .isInstanceOf(ListenException.class)
                .hasMessageContaining("this process has stopped listening");
        assertThat(path).doesNotExist();
    }

    private ListenAddress unix(String name) {
        return ListenAddress.unix(directory.resolve(name));
    }

    /** Passes everything to the successor, and returns its descriptor of the first. */
    private int inherit() throws IOException {
        var offers = parent.offers();
        for (ListenerTable.Offer offer : offers) {
            successor.inherit(offer.address(), offer.descriptor());
        }
        return offers.getFirst().descriptor();
    }

    private static boolean connects(Path path) throws IOException {
        UnixDomainSocketAddress address = UnixDomainSocketAddress.of(path);
        int client = Sockets.streamFor(address);
        try {
            Sockets.connect(client, address);
            return true;
        } catch (PosixException e) {
            return false;
        } finally {
            Descriptors.close(client);
        }
    }
}
