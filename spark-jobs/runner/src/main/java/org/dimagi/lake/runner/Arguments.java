package org.dimagi.lake.runner;

import java.util.HashMap;
import java.util.Map;
import java.util.Set;

/**
 * What the driver was started with.
 *
 * @param first the run it was submitted for; null for a warm driver that only takes what the ledger offers
 * @param leaseSeconds a driver that could not reach the ledger for so long gives itself up
 * @param idleSeconds a warm driver ends after so long without work; 0 = run the first run, then end
 * @param group a warm driver of a group takes runs of that group only; null = only runs of no group
 */
record Arguments(RunTicket first, int leaseSeconds, int idleSeconds, String group) {
  private static final Set<String> KNOWN =
      Set.of("--run", "--token", "--run-file", "--lease-seconds", "--idle-seconds", "--group");
  private static final int DEFAULT_LEASE_SECONDS = 60;

  static Arguments parse(String[] args) {
    Map<String, String> given = new HashMap<>();
    for (int at = 0; at < args.length; at += 2) {
      if (!KNOWN.contains(args[at])) throw new UnusableInput("unknown argument " + args[at]);
      if (at + 1 == args.length) throw new UnusableInput(args[at] + " needs a value");
      given.put(args[at], args[at + 1]);
    }
    int idle = seconds(given, "--idle-seconds", 0);
    int lease = seconds(given, "--lease-seconds", DEFAULT_LEASE_SECONDS);
    return new Arguments(ticket(given, idle), lease, idle, given.get("--group"));
  }

  private static RunTicket ticket(Map<String, String> given, int idleSeconds) {
    boolean none = !given.containsKey("--run") && !given.containsKey("--token") && !given.containsKey("--run-file");
    if (none && idleSeconds > 0) return null;
    return new RunTicket(need(given, "--run"), need(given, "--token"), need(given, "--run-file"));
  }

  private static String need(Map<String, String> given, String name) {
    String value = given.get(name);
    if (value == null || value.isBlank()) throw new UnusableInput(name + " is missing");
    return value;
  }

  private static int seconds(Map<String, String> given, String name, int fallback) {
    String text = given.get(name);
    if (text == null) return fallback;
    try {
      int value = Integer.parseInt(text);
      if (value > 0) return value;
    } catch (NumberFormatException notANumber) {
      // Refused below, together with zero and less.
    }
    throw new UnusableInput(name + " must be a whole number of seconds above 0");
  }
}
