package org.dimagi.lake.runner;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.sql.SparkSession;

/**
 * A Spark driver that claims a run in the ledger, executes its scripts, writes the result and ends; a warm one goes on
 * with whatever runs the ledger offers until it has been idle for a while, or a run has failed for no known cause. It knows nothing of what the SQL is for.
 */
public final class Runner {
  private static final long POLL_MILLIS = 200;
  /** Longer than lies between the steps of an application; an idle driver gives way after so long, if it is in the way. */
  private static final long OWN_NANOS = TimeUnit.SECONDS.toNanos(3);
  private static final long ROOM_EVERY_NANOS = TimeUnit.SECONDS.toNanos(1);

  private final Arguments arguments;
  private final Ledger ledger;
  private final String driver = driverName();
  private SparkSession session;
  /** A statement failed in a way nobody foresaw, maybe because of this process: another driver is to try again. */
  private boolean suspect;

  private Runner(Arguments arguments, Ledger ledger) {
    this.arguments = arguments;
    this.ledger = ledger;
  }

  public static void main(String[] args) {
    int code;
    try {
      Arguments arguments = Arguments.parse(args);
      Ledger ledger = Ledger.fromEnvironment(Math.max(1, Math.min(10, arguments.leaseSeconds() / 3)));
      Faults.beforeClaim();
      code = new Runner(arguments, ledger).work();
    } catch (UnusableInput unusable) {
      Say.line("cannot start: " + unusable.getMessage());
      code = ExitCode.INPUT_UNUSABLE;
    } catch (Throwable thrown) {
      Say.line("failed: " + Failure.of(thrown).exception());
      code = ExitCode.SPARK_UNUSABLE;
    }
    // Always explicit: Spark and its libraries leave threads behind that would keep the JVM, and its cores.
    ExitCode.exit(code);
  }

  private int work() throws InterruptedException {
    int code = ExitCode.DONE;
    if (arguments.first() != null) {
      Claim claim = Claim.take(ledger, arguments.first(), driver, arguments.leaseSeconds());
      if (claim != null) code = execute(arguments.first(), claim);
      else code = refused(arguments.first());
    }
    if (arguments.idleSeconds() == 0) return code;
    serveUntilIdle();
    return suspect ? ExitCode.LANE_FAILED : ExitCode.DONE;
  }

  private static int refused(RunTicket ticket) {
    Say.line("run " + ticket.run() + " is not to be had: done, voided or claimed by another");
    return ExitCode.CLAIM_REFUSED;
  }

  private void serveUntilIdle() throws InterruptedException {
    long idle = TimeUnit.SECONDS.toNanos(arguments.idleSeconds());
    long asked = System.nanoTime();
    for (long last = System.nanoTime(); !suspect && System.nanoTime() - last < idle; ) {
      Optional<RunTicket> next = claimNext();
      if (next.isPresent()) {
        execute(next.get(), Claim.of(ledger, next.get(), arguments.leaseSeconds()));
        last = System.nanoTime();
        continue;
      }
      if (System.nanoTime() - last > OWN_NANOS && System.nanoTime() - asked > ROOM_EVERY_NANOS) {
        asked = System.nanoTime();
        if (isInTheWay()) return;
      }
      Thread.sleep(POLL_MILLIS);
    }
  }

  private boolean isInTheWay() {
    try {
      if (!ledger.makeRoom(driver)) return false;
      Say.line("ends before its time: another run waits for room in the cluster");
      return true;
    } catch (SQLException unreachable) {
      return false;
    }
  }

  private Optional<RunTicket> claimNext() {
    try {
      return ledger.claimNext(driver, arguments.group());
    } catch (SQLException unreachable) {
      // Counts as idle time: a warm driver that cannot ask for work ends by itself.
      return Optional.empty();
    }
  }

  /** One claimed run from its run file to its last word in the ledger. */
  private int execute(RunTicket ticket, Claim claim) throws InterruptedException {
    try (claim) {
      String startedAt = Instant.now().toString();
      long begin = System.nanoTime();
      boolean cold = session == null;
      try {
        if (cold) session = Sessions.open();
        double sessionSeconds = cold ? LaneExecutor.secondsSince(begin) : 0;
        Configuration hadoop = session.sparkContext().hadoopConfiguration();
        RunFile runFile = RunFile.read(ticket, hadoop);
        List<Result.LaneResult> lanes = new LaneExecutor(session, claim).execute(runFile);
        Result result =
            new Result(ticket.run(), driver, startedAt, Instant.now().toString(), sessionSeconds, lanes);
        result.write(runFile.result(), hadoop);
        suspect = result.unforeseen();
        claim.finish(result.done() ? "done" : "failed");
        return result.done() ? ExitCode.DONE : ExitCode.LANE_FAILED;
      } catch (UnusableInput unusable) {
        Say.line("run " + ticket.run() + ": " + unusable.getMessage());
        claim.finish("failed");
        return ExitCode.INPUT_UNUSABLE;
      } catch (IOException | RuntimeException failed) {
        Failure why = Failure.of(failed);
        suspect = true;
        Say.line("run " + ticket.run() + ": no session or no result: " + why.exception() + " " + why.errorClass());
        claim.finish("failed");
        return ExitCode.SPARK_UNUSABLE;
      }
    }
  }

  /** The process and, when a Spark worker launched it, the driver id: the worker names the work folder after it. */
  private static String driverName() {
    Path folder = Path.of("").toAbsolutePath().getFileName();
    String process = ManagementFactory.getRuntimeMXBean().getName();
    boolean launched = folder != null && folder.toString().startsWith("driver-");
    return launched ? process + " " + folder : process;
  }
}
