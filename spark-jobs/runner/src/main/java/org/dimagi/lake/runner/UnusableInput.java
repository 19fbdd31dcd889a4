package org.dimagi.lake.runner;

/** Arguments, run file or script that cannot be used as they are: trying again would not help. */
final class UnusableInput extends RuntimeException {
  private static final long serialVersionUID = 1L;

  UnusableInput(String message) {
    super(message);
  }

  UnusableInput(String message, Throwable cause) {
    super(message, cause);
  }
}
