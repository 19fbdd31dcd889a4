package org.dimagi.lake.runner;

import java.io.IOException;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Deaths at chosen moments, for tests of what follows them; inert unless the environment variable
 * DIMAGI_LAKE_DRIVER_FAULT is set. One of {@code halt-before-claim}, {@code halt-after-commit:N}, {@code
 * freeze-before-commit:N}, {@code freeze-before-statement:N}, {@code fail-statement:N}; N counts from 1 over the whole driver. Frozen means
 * stopped by SIGSTOP, all threads, as a driver on a stalled host is; SIGCONT thaws it.
 */
final class Faults {
  private static final String[] SETTING = System.getenv().getOrDefault("DIMAGI_LAKE_DRIVER_FAULT", "").split(":");
  private static final AtomicInteger SEEN = new AtomicInteger();
  /** As of a process that was killed: 128 + SIGKILL. */
  private static final int KILLED = 137;

  private Faults() {}

  static void beforeClaim() {
    if (due("halt-before-claim")) Runtime.getRuntime().halt(KILLED);
  }

  static void beforeStatement() {
    if (due("freeze-before-statement")) freeze();
  }

  static void inStatement() {
    if (due("fail-statement")) throw new IllegalStateException("a fault that was asked for");
  }

  static void beforeCommit() {
    if (due("freeze-before-commit")) freeze();
  }

  static void afterCommit() {
    if (due("halt-after-commit")) Runtime.getRuntime().halt(KILLED);
  }

  private static boolean due(String point) {
    if (!SETTING[0].equals(point)) return false;
    int at = SETTING.length > 1 ? Integer.parseInt(SETTING[1]) : 1;
    return SEEN.incrementAndGet() == at;
  }

  private static void freeze() {
    try {
      long pid = ProcessHandle.current().pid();
      new ProcessBuilder("sh", "-c", "kill -STOP " + pid).inheritIO().start().waitFor();
    } catch (IOException | InterruptedException failed) {
      throw new IllegalStateException("could not freeze", failed);
    }
  }
}
