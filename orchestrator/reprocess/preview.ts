import type { ReprocessPreview } from '../api/schemas/operate.js';
import { ledgerNow } from '../ledger/aggregation-months.js';
import { pauseOf } from '../ledger/pauses.js';
import { recordsPerSecond, standingTopics, tablesOf, type RequestScope } from '../ledger/reprocess.js';
import { sourceChanges } from '../ledger/source-changes.js';
import { affectedMonths, type TouchedMonth } from './affected-months.js';
import { countTarget, type Count } from './count-records.js';
import { rangesOf, requireThere } from './list-messages.js';
import { SMALLEST_PAGE } from './page-size.js';
import type { PreviewParts } from './reprocess-parts.js';
import { plainScope, requireScope, targetsOf, type Target } from './scope.js';

/**
 * What a request would read, and what would follow from it; nothing is planned.
 * @throws LakeError SCOPE_INVALID with every fault, OFFSETS_GONE, HQ_READ_FAILED, HQ_STANDBY_BEHIND
 */
export async function previewReprocess(parts: PreviewParts, asked: RequestScope): Promise<ReprocessPreview> {
  const { database, config } = parts;
  const tables = await tablesOf(database, asked.domain);
  const now = await ledgerNow(database);
  requireScope(asked, { config, tables, now });
  const scope = plainScope(asked, tables);
  const targets = targetsOf(scope, config, tables);
  if (scope.offsets !== undefined) return messagesPreview(parts, scope, targets);
  const moment = {
    newestPublishTimestamp: now.toISOString(),
    ...(parts.signal === undefined ? {} : { signal: parts.signal }),
  };
  const counts: Count[] = [];
  for (const target of targets) counts.push(await countTarget(parts, scope, target, tables, moment));
  const byTable = counts.flatMap((count) => count.tables);
  const records = byTable.reduce((sum, table) => sum + table.records, 0);
  const isExact = counts.every((count) => count.isExact);
  const pace = await recordsPerSecond(database);
  return {
    tables: byTable,
    records,
    isExact,
    pages: counts.reduce(
      (sum, { tables: own }) => sum + pagesOf(own.reduce((all, { records: n }) => all + n, 0)),
      0,
    ),
    months: await months(parts, scope, counts),
    seconds: pace === null || pace === 0 ? null : Math.ceil(records / pace),
    warnings: [...(await standing(parts, targets)), ...counts.flatMap((count) => count.warnings)],
  };
}

/** At most: pages grow while no live change comes. */
function pagesOf(records: number): number {
  return Math.ceil(records / SMALLEST_PAGE);
}

/** What stands in messages is known only when they are read. */
async function messagesPreview(
  parts: PreviewParts,
  scope: RequestScope,
  targets: readonly Target[],
): Promise<ReprocessPreview> {
  const ranges = rangesOf(scope.offsets ?? []);
  if (parts.messages !== undefined && scope.topic !== undefined)
    requireThere(scope.topic, ranges, await parts.messages.watermarks(scope.topic));
  const messages = Number(ranges.reduce((sum, { from, until }) => sum + (until - from), 0n));
  return {
    tables: [],
    records: messages,
    isExact: false,
    pages: pagesOf(messages),
    months: await months(parts, scope, [{ tables: [], isExact: false, touched: [], warnings: [] }]),
    seconds: null,
    warnings: [
      ...(await standing(parts, targets)),
      'Counted are messages: those of other domains are passed over, and a record that several name is read once.',
    ],
  };
}

/** Published months that would be stale; when not all records were seen, by every month that their tables have. */
async function months(
  parts: PreviewParts,
  { domain, table, topic }: RequestScope,
  counts: readonly Count[],
): Promise<ReprocessPreview['months']> {
  const touched: TouchedMonth[] = counts.flatMap((count) => count.touched);
  if (!counts.every((count) => count.isExact)) {
    const names = new Set(counts.flatMap((count) => count.tables.map((each) => each.table)));
    const isMeant = (name: string): boolean =>
      table === undefined && topic !== undefined ? true : names.size === 0 || names.has(name);
    for (const change of await sourceChanges(parts.database, domain))
      if (isMeant(change.table)) touched.push(change);
  }
  const affected = await affectedMonths({ ...parts, domain }, touched);
  return affected.map((state) => ({ table: state.table, month: state.month }));
}

/** What keeps the pages waiting. */
async function standing({ database }: PreviewParts, targets: readonly Target[]): Promise<string[]> {
  const topics = targets.map(({ topic }) => topic);
  const warnings = (await standingTopics(database, topics)).map(
    ({ name, state, reason }) => `${name} is ${state} (${reason ?? ''}): its pages wait until it goes on.`,
  );
  for (const topic of topics) {
    const pause = await pauseOf(database, { queue: 'reprocess', topic });
    if (pause !== undefined) warnings.push(`Pages of ${topic} are paused by ${pause.by}: ${pause.reason}`);
  }
  return warnings;
}
