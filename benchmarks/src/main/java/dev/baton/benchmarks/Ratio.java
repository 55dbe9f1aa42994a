package dev.baton.benchmarks;

import java.util.List;
import java.util.Objects;

/**
 * One figure: a ratio for each round.
 *
 * @param title what was divided by what
 * @param goal what was hoped for, in words; empty if nothing was
 * @param rounds the ratios in ascending order, at least one
 */
record Ratio(String title, String goal, List<Double> rounds) {
    Ratio {
        Objects.requireNonNull(title);
        Objects.requireNonNull(goal);
        rounds = rounds.stream().sorted().toList();
        if (rounds.isEmpty()) {
            throw new IllegalArgumentException("a ratio needs a round");
        }
    }

    double median() {
        return quantile(0.5);
    }

    /** Between the two nearest rounds, linearly. */
    private double quantile(double share) {
        double place = share * (rounds.size() - 1);
        int below = (int) place;
        int above = Math.min(below + 1, rounds.size() - 1);
        return rounds.get(below) + (place - below) * (rounds.get(above) - rounds.get(below));
    }

    static String header() {
        return "%-56s %6s  %-15s %-15s %s".formatted("", "median", "middle half", "all rounds", "goal");
    }

    @Override
    public String toString() {
        return "%-56s %6.3f  %6.3f .. %-6.3f %6.3f .. %-6.3f %s"
                .formatted(title, median(), quantile(0.25), quantile(0.75), rounds.getFirst(), rounds.getLast(), goal)
                .stripTrailing();
    }
}
