import { monthFailed } from '../ledger/aggregation-months.js';
import type { Queryable } from '../ledger/database.js';
import type { NodeResult } from './run-graph.js';

/**
 * Notes in the ledger why a month could not be computed: whoever asked for it, and whether it failed before its run was
 * opened or after. Where another process has taken the month over, what comes of it is that one's to note.
 */
export async function noteFailure(database: Queryable, domain: string, result: NodeResult): Promise<void> {
  const { node, outcome, code, reason } = result;
  if (outcome !== 'failed' || code === 'LEASE_LOST') return;
  await monthFailed(database, {
    ...{ domain, table: node.table, month: node.month },
    ...{ code: code ?? 'INTERNAL', reason: reason ?? '' },
  });
}
