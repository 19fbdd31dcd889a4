package org.dimagi.lake.runner;

import java.io.IOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.StructField;
import org.dimagi.lake.runner.Result.LaneResult;
import org.dimagi.lake.runner.Result.StatementResult;

/**
 * Executes a run's lanes side by side, each in a session of its own: settings and temporary views of one are not seen
 * by another. A lane stops at its first failing statement, the others go on.
 */
final class LaneExecutor {
  private final SparkSession root;
  private final Claim claim;

  LaneExecutor(SparkSession root, Claim claim) {
    this.root = root;
    this.claim = claim;
  }

  /** @return one result per lane, in the run file's order */
  List<LaneResult> execute(RunFile runFile) throws InterruptedException {
    ExecutorService pool = Executors.newFixedThreadPool(Math.min(runFile.parallelism(), runFile.lanes().size()));
    try {
      List<Future<LaneResult>> running = new ArrayList<>();
      for (RunFile.Lane lane : runFile.lanes()) running.add(pool.submit(() -> execute(runFile.run(), lane)));
      List<LaneResult> results = new ArrayList<>();
      for (Future<LaneResult> one : running) results.add(one.get());
      return results;
    } catch (ExecutionException impossible) {
      // execute() reports every failure as a result.
      throw new IllegalStateException(impossible.getCause());
    } finally {
      pool.shutdownNow();
    }
  }

  private LaneResult execute(String run, RunFile.Lane lane) {
    long begin = System.nanoTime();
    List<StatementResult> statements = new ArrayList<>();
    try {
      Script script = Script.parse(HadoopText.read(lane.script(), root.sparkContext().hadoopConfiguration()));
      SparkSession session = root.newSession();
      session.sparkContext().setJobGroup(lane.lane(), "run " + run + ", lane " + lane.lane(), false);
      for (int index = 0; index < script.statements().size(); index++) {
        StatementResult result = execute(session, index, script.statements().get(index));
        statements.add(result);
        if (result.error() != null) break;
      }
    } catch (IOException | RuntimeException unreadable) {
      Failure why = Failure.of(new UnusableInput("the lane's script cannot be used", unreadable));
      statements.add(new StatementResult(0, Instant.now().toString(), 0, null, why));
    }
    LaneResult result = new LaneResult(lane.lane(), state(statements), secondsSince(begin), statements);
    Say.line("run " + run + " lane " + lane.lane() + " " + result.state() + " after " + statements.size() + " statements");
    return result;
  }

  private StatementResult execute(SparkSession session, int index, Script.Statement statement) {
    claim.confirm();
    Faults.beforeStatement();
    String startedAt = Instant.now().toString();
    long begin = System.nanoTime();
    Map<String, String> row = null;
    Failure error = null;
    try {
      Faults.inStatement();
      row = run(session, statement);
    } catch (Throwable thrown) {
      // Errors too (out of memory, a missing class): the lane has failed and the control plane must learn why.
      error = Failure.of(thrown);
    }
    return new StatementResult(index, startedAt, secondsSince(begin), row, error);
  }

  private static Map<String, String> run(SparkSession session, Script.Statement statement) {
    if (statement instanceof Script.Statement.Setting setting) {
      session.conf().set(setting.key(), setting.value());
      return null;
    }
    List<Row> rows = session.sql(((Script.Statement.Sql) statement).text()).takeAsList(1);
    return rows.isEmpty() ? null : asText(rows.get(0));
  }

  private static Map<String, String> asText(Row row) {
    Map<String, String> values = new LinkedHashMap<>();
    StructField[] fields = row.schema().fields();
    for (int at = 0; at < fields.length; at++) {
      values.put(fields[at].name(), row.isNullAt(at) ? null : String.valueOf(row.get(at)));
    }
    return values;
  }

  private String state(List<StatementResult> statements) {
    boolean failed = statements.stream().anyMatch(one -> one.error() != null);
    if (!failed) return "done";
    return root.sparkContext().isStopped() ? "stopped" : "failed";
  }

  static double secondsSince(long begin) {
    return Math.round((System.nanoTime() - begin) / 1e6) / 1e3;
  }
}
