package org.dimagi.lake.runner;

/**
 * A run this driver may try to execute.
 *
 * @param token proves to the ledger that it is this driver's; a new attempt has a new run and a new token
 * @param runFile URI of the JSON that names the lanes
 */
record RunTicket(String run, String token, String runFile) {}
