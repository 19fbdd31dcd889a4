package org.dimagi.lake.runner;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import org.apache.hadoop.conf.Configuration;

/**
 * What a run did, for the control plane and the dashboard. What is in the lake is read from the Delta log, never
 * from here.
 *
 * @param startedAt ISO 8601, UTC, as all times here; all durations are seconds
 * @param sessionSeconds time to build the Spark session; 0 when it was there already
 */
record Result(
    String run, String driver, String startedAt, String finishedAt, double sessionSeconds, List<LaneResult> lanes) {
  /** @param state done, failed (a statement failed, the rest were not run) or stopped (Spark was shut down) */
  record LaneResult(String lane, String state, double seconds, List<StatementResult> statements) {
    boolean done() {
      return state.equals("done");
    }
  }

  /**
   * @param index from 0, over all statements of the script
   * @param row the first row it returned (a MERGE: its counts), values as text; null when it returned none
   */
  record StatementResult(int index, String startedAt, double seconds, Map<String, String> row, Failure error) {}

  private static final ObjectMapper JSON = new ObjectMapper();

  boolean done() {
    return lanes.stream().allMatch(LaneResult::done);
  }

  /** Whether a statement failed in a way nobody foresaw. */
  boolean unforeseen() {
    return lanes.stream()
        .flatMap(lane -> lane.statements().stream())
        .anyMatch(statement -> statement.error() != null && statement.error().unforeseen());
  }

  void write(String uri, Configuration hadoop) throws IOException {
    HadoopText.write(uri, JSON.writerWithDefaultPrettyPrinter().writeValueAsString(this), hadoop);
  }
}
