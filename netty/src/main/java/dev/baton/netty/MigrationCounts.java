package dev.baton.netty;

/**
 * What live migration has done for the connections of one server since it was built.
 *
 * @param moved went on in another process
 * @param stayed were to move and could not: their kind cannot, or they were refused, or there was no process to go to
 * @param adopted came from another process
 */
public record MigrationCounts(long moved, long stayed, long adopted) {

    MigrationCounts since(MigrationCounts before) {
        return new MigrationCounts(moved - before.moved, stayed - before.stayed, adopted - before.adopted);
    }
}
