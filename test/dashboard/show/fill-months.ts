import type { Model } from '../../../orchestrator/aggregation/model.js';
import type { LedgerDatabase } from '../../../orchestrator/ledger/database.js';

const MONTHS = 8;
/** A Delta version that no shown table has reached: what was computed from it is fresh. */
const NEWEST = '9999';

/**
 * Publishes months of every model: fresh, but that one source has changed since in the two newest months, and that the newest
 * month of one was never published.
 */
export async function fillMonths(
  database: LedgerDatabase,
  models: readonly Model[],
  domain: string,
): Promise<void> {
  await database.query(
    `INSERT INTO source_change (table_id, month, delta_version, batch_id, rows)
     SELECT t.id, date_trunc('month', now()) - make_interval(months => n), 150, (SELECT min(id) FROM batch), 14
     FROM lake_table t CROSS JOIN generate_series(0, ${MONTHS}) AS n WHERE t.domain = $1`,
    [domain],
  );
  for (const model of models) {
    const sources = Object.fromEntries([
      ...model.sources.map(({ table }) => [table, NEWEST] as const),
      ...model.needs.map(({ table }) => [table, NEWEST] as const),
    ]);
    const stale = { ...sources, [model.sources[0]?.table ?? '']: '100' };
    for (let back = model.monthly ? 1 : 0; back <= (model.monthly ? MONTHS : 0); back++) {
      if (model.table === 'child_care_monthly' && back === 1) continue;
      const isStale = model.table === 'child_weight_height_form' && back <= 2;
      await database.query(
        `INSERT INTO aggregation_month (domain, table_name, month, run_id, delta_version, sources, rows, model_sha256, config_version_id, published_at)
         SELECT $1, $2::text, CASE WHEN $3 > 0 THEN (date_trunc('month', now()) - make_interval(months => $3))::date END,
                coalesce((SELECT max(id) FROM aggregation_run WHERE model = $2 AND state = 'published'
                          AND month = (date_trunc('month', now()) - make_interval(months => $3))::date),
                         (SELECT min(id) FROM aggregation_run)),
                10, $4, 4000 + 210 * $3, $5, (SELECT max(id) FROM config_version), now() - make_interval(days => 3 * $3 + 1)`,
        [domain, model.table, back, isStale ? stale : sources, model.sha256],
      );
    }
  }
}
