// The table of the fault matrix, by chapters; and the rows of docs/fault-matrix.md that no job can have.
package io.narthex.flink;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import java.util.stream.Collectors;

final class FaultRows {
    private FaultRows() {}

    /** Title and rows of each chapter. */
    static Map<String, List<FaultRow>> chapters() {
        Map<String, List<FaultRow>> chapters = new LinkedHashMap<>();
        chapters.put("Accepted", FaultRowsAccepted.rows());
        chapters.put("Refused for the data", FaultRowsRefused.rows());
        chapters.put("Not what the configuration says", FaultRowsStopped.rows());
        chapters.put("Try again", FaultRowsRetried.rows());
        chapters.put("No answer", FaultRowsNetwork.rows());
        chapters.put("Stored, perhaps", FaultRowsAmbiguous.rows());
        chapters.put("Answers out of order", FaultRowsAnswers.rows());
        chapters.put("Restarts and checkpoints", FaultRowsRestarts.rows());
        chapters.put("Every status", FaultRowsSweep.statuses());
        chapters.put("The sink's defaults, and every kind of source", FaultRowsSweep.sources());
        return chapters;
    }

    /** All rows in the order of the page. */
    static List<FaultRow> all() {
        return chapters().values().stream().flatMap(List::stream).collect(Collectors.toList());
    }

    /** Why a row of docs/fault-matrix.md is not here, by its number. */
    static Map<Integer, String> leftOut() {
        Map<Integer, String> leftOut = new LinkedHashMap<>();
        leftOut.put(14, "`--fail-on-loss` is an option of the binary's exit code; the loss is row 12's");
        return leftOut;
    }

    /** The row with a bounded source, and with one that goes idle and is stopped when so many requests are answered. */
    static List<FaultRow> boundedAndStopped(int requests, Supplier<FaultRow> row) {
        List<FaultRow> both = new ArrayList<>();
        both.add(row.get());
        both.add(row.get().stopped(requests));
        return both;
    }

    /** The row with a bounded source, and with one that goes idle. */
    static List<FaultRow> boundedAndIdle(Supplier<FaultRow> row) {
        List<FaultRow> both = new ArrayList<>();
        both.add(row.get());
        both.add(row.get().open());
        return both;
    }
}
