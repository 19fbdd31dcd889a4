package org.dimagi.lake.runner;

import java.time.Instant;

/**
 * The runner's own few lines in the driver's log: ids, counts and error classes, never an exception's message,
 * which may quote a record.
 */
final class Say {
  private Say() {}

  static void line(String text) {
    System.err.println(Instant.now() + " runner " + text);
    System.err.flush();
  }
}
