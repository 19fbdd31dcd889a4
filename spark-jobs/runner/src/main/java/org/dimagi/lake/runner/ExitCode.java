package org.dimagi.lake.runner;

/** How a driver ends. The control plane reads these from the driver's state and log; the README lists them. */
final class ExitCode {
  static final int DONE = 0;
  static final int CLAIM_REFUSED = 10;
  static final int TOKEN_LOST = 11;
  static final int LEDGER_UNREACHABLE = 12;
  static final int LANE_FAILED = 20;
  static final int SPARK_UNUSABLE = 21;
  static final int INPUT_UNUSABLE = 30;

  /** Longest orderly end: flushing event logs and dumping a class archive both happen in it. */
  private static final long ORDERLY_EXIT_MILLIS = 120_000;

  private ExitCode() {}

  /** Ends the JVM with its shutdown hooks; a hook that hangs cannot keep a driver, and its cores, for ever. */
  static void exit(int code) {
    Thread last = new Thread(() -> haltAfter(ORDERLY_EXIT_MILLIS, code), "runner-last-resort");
    last.setDaemon(true);
    last.start();
    System.exit(code);
  }

  /** Ends the JVM now: no hook, no flush, nothing more reaches the lake. */
  static void halt(int code, String reason) {
    Say.line(reason + ": halting with " + code);
    Runtime.getRuntime().halt(code);
  }

  private static void haltAfter(long millis, int code) {
    try {
      Thread.sleep(millis);
    } catch (InterruptedException ended) {
      return;
    }
    Runtime.getRuntime().halt(code);
  }
}
