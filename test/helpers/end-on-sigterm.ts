/**
 * Imported for what it does: a test process that is told to end does so by `exit`, so that what it has to take with it goes too. Not where
 * whoever runs it has an end of their own, as the fault harness has.
 */
process.once('SIGTERM', () => {
  if (process.listenerCount('SIGTERM') === 0) process.exit(143);
});
