import { readLedgerEnvironment } from '../config/environment.js';
import { LedgerDatabase } from '../ledger/database.js';

/** For verbs that only look into the ledger, or write a few rows there. The connection ends with the act. */
export async function withLedger<T>(act: (database: LedgerDatabase) => Promise<T>): Promise<T> {
  const database = new LedgerDatabase(readLedgerEnvironment().LEDGER_DATABASE_URL);
  try {
    return await act(database);
  } finally {
    await database.close();
  }
}
