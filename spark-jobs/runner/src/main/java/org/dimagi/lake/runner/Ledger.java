package org.dimagi.lake.runner;

import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.Optional;
import java.util.Properties;

/**
 * The ledger as the runner's role sees it: five functions, nothing else. One connection, opened when needed and
 * thrown away at the first error; every call either answers or throws within {@code patienceSeconds}.
 */
final class Ledger implements AutoCloseable {
  private final String url;
  private final Properties properties = new Properties();
  private Connection connection;

  Ledger(String url, String username, String password, int patienceSeconds) {
    this.url = url;
    String patience = Integer.toString(patienceSeconds);
    properties.setProperty("user", username);
    properties.setProperty("password", password);
    properties.setProperty("ApplicationName", "dimagi-lake-runner");
    properties.setProperty("connectTimeout", patience);
    properties.setProperty("loginTimeout", patience);
    properties.setProperty("socketTimeout", patience);
    // No named server-side statements: they break behind a transaction-pooling pgbouncer.
    properties.setProperty("prepareThreshold", "0");
  }

  static Ledger fromEnvironment(int patienceSeconds) {
    return new Ledger(
        need("LEDGER_RUNNER_JDBC_URL"),
        need("LEDGER_RUNNER_USERNAME"),
        System.getenv().getOrDefault("LEDGER_RUNNER_PASSWORD", ""),
        patienceSeconds);
  }

  private static String need(String name) {
    String value = System.getenv(name);
    if (value == null || value.isBlank()) throw new UnusableInput("environment variable " + name + " is missing");
    return value;
  }

  boolean claim(RunTicket ticket, String driver) throws SQLException {
    return ask("SELECT runner_claim(?, ?, ?)", ticket.run(), ticket.token(), driver);
  }

  /** True while the run is this token's; also counts as a sign of life. */
  boolean heartbeat(RunTicket ticket) throws SQLException {
    return ask("SELECT runner_heartbeat(?, ?)", ticket.run(), ticket.token());
  }

  boolean finish(RunTicket ticket, String outcome) throws SQLException {
    return ask("SELECT runner_finish(?, ?, ?)", ticket.run(), ticket.token(), outcome);
  }

  /** The next run waiting for a warm driver of the group (null: of none), claimed already; empty when there is none. */
  synchronized Optional<RunTicket> claimNext(String driver, String group) throws SQLException {
    String next = group == null ? "runner_claim_next(?)" : "runner_claim_next(?, ?)";
    try (PreparedStatement statement = open().prepareStatement("SELECT run, token, run_file FROM " + next)) {
      statement.setString(1, driver);
      if (group != null) statement.setString(2, group);
      try (ResultSet rows = statement.executeQuery()) {
        if (!rows.next() || rows.getString(1) == null) return Optional.empty();
        return Optional.of(new RunTicket(rows.getString(1), rows.getString(2), rows.getString(3)));
      }
    } catch (SQLException failed) {
      close();
      throw failed;
    }
  }

  /** True when another run waits for room in the cluster: this driver is then known as idle no more, and is to end. */
  boolean makeRoom(String driver) throws SQLException {
    return ask("SELECT runner_make_room(?)", driver);
  }

  private synchronized boolean ask(String sql, String... values) throws SQLException {
    try (PreparedStatement statement = open().prepareStatement(sql)) {
      for (int at = 0; at < values.length; at++) statement.setString(at + 1, values[at]);
      try (ResultSet rows = statement.executeQuery()) {
        return rows.next() && rows.getBoolean(1);
      }
    } catch (SQLException failed) {
      close();
      throw failed;
    }
  }

  private Connection open() throws SQLException {
    if (connection == null) connection = DriverManager.getConnection(url, properties);
    return connection;
  }

  @Override
  public synchronized void close() {
    Connection old = connection;
    connection = null;
    if (old == null) return;
    try {
      old.close();
    } catch (SQLException gone) {
      // It is given up because it failed; a second failure says nothing new.
    }
  }
}
