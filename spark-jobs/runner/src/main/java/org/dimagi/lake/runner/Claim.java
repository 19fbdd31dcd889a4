package org.dimagi.lake.runner;

import java.sql.SQLException;
import java.util.concurrent.TimeUnit;

/**
 * The right to execute one run. While it is held a thread tells the ledger that the driver lives; the moment the
 * ledger says that the run is another's, or has said nothing for a whole lease, the JVM is halted: from then on
 * another driver may write the same tables.
 */
final class Claim implements AutoCloseable {
  /** Must be well under the control plane's RUN_LEASE_SECONDS; a short lease shortens it to a quarter of itself. */
  private static final int HEARTBEAT_SECONDS = 5;

  private static final long RETRY_MILLIS = 500;

  private final Ledger ledger;
  private final RunTicket ticket;
  private final long leaseNanos;
  private final long periodMillis;
  private volatile long lastAnswer = System.nanoTime();
  private volatile boolean over;
  private Thread heart;
  private Thread watch;

  private Claim(Ledger ledger, RunTicket ticket, int leaseSeconds) {
    this.ledger = ledger;
    this.ticket = ticket;
    this.leaseNanos = TimeUnit.SECONDS.toNanos(leaseSeconds);
    this.periodMillis = Math.min(HEARTBEAT_SECONDS * 1000L, leaseSeconds * 250L);
  }

  /** Asks the ledger for the run until it answers. @return null when the run is not (or no longer) to be had */
  static Claim take(Ledger ledger, RunTicket ticket, String driver, int leaseSeconds) {
    Claim claim = new Claim(ledger, ticket, leaseSeconds);
    if (!claim.insist(() -> ledger.claim(ticket, driver))) return null;
    return claim.begin();
  }

  /** For a run that {@link Ledger#claimNext} has claimed already. */
  static Claim of(Ledger ledger, RunTicket ticket, int leaseSeconds) {
    return new Claim(ledger, ticket, leaseSeconds).begin();
  }

  /** Returns only when the ledger has just confirmed that the run is ours; nothing may be written without it. */
  void confirm() {
    if (!insist(() -> ledger.heartbeat(ticket))) lost();
  }

  void finish(String outcome) {
    if (!insist(() -> ledger.finish(ticket, outcome))) lost();
  }

  /** Ends the signs of life; the ledger itself is told by {@link #finish}. */
  @Override
  public void close() {
    over = true;
    heart.interrupt();
    watch.interrupt();
  }

  private Claim begin() {
    heart = start("runner-heartbeat", this::beat);
    watch = start("runner-lease-watch", this::watchLease);
    return this;
  }

  private void beat() {
    while (!over) {
      boolean answered = true;
      try {
        if (!ledger.heartbeat(ticket) && !over) lost();
        lastAnswer = System.nanoTime();
      } catch (SQLException unreachable) {
        answered = false;
      }
      pause(answered ? periodMillis : RETRY_MILLIS);
    }
  }

  /** Kept apart from the heartbeat, so that a call hanging in a dead network cannot delay it. */
  private void watchLease() {
    while (!over) {
      giveUpAfterLease();
      pause(RETRY_MILLIS);
    }
  }

  private boolean insist(Question question) {
    while (true) {
      try {
        boolean yes = question.ask();
        lastAnswer = System.nanoTime();
        return yes;
      } catch (SQLException unreachable) {
        giveUpAfterLease();
        pause(RETRY_MILLIS);
      }
    }
  }

  private void giveUpAfterLease() {
    if (over || System.nanoTime() - lastAnswer <= leaseNanos) return;
    ExitCode.halt(ExitCode.LEDGER_UNREACHABLE, "run " + ticket.run() + ": no answer from the ledger for a whole lease");
  }

  private void lost() {
    ExitCode.halt(ExitCode.TOKEN_LOST, "run " + ticket.run() + " was given to another");
  }

  private static Thread start(String name, Runnable work) {
    Thread thread = new Thread(work, name);
    thread.setDaemon(true);
    thread.start();
    return thread;
  }

  private static void pause(long millis) {
    try {
      Thread.sleep(millis);
    } catch (InterruptedException ending) {
      // The caller's loop looks at its own condition next.
    }
  }

  @FunctionalInterface
  private interface Question {
    boolean ask() throws SQLException;
  }
}
