import { domainOf, isListed, tableConfig } from '../config/lake.js';
import { setAsideAmong } from '../ledger/reconciles.js';
import { momentNow } from '../pipeline/follow-types.js';
import { tableTransforms } from '../pipeline/table-transforms.js';
import type { Extracted, RecordKind } from '../types.js';
import type { ComparedTables } from './compared-tables.js';
import { momentText } from './digest.js';
import type { Candidate } from './judge.js';
import type { ReconcileParts } from './parts.js';
import type { Finding, Proven, Unjudged } from './prove.js';

const IDS_PER_LOOK = 5_000;

/** Findings without the records that lake.yaml keeps out and those that cannot be read. */
export interface SortedOut extends Proven {
  /** A filter or hook keeps them out: they are right to be missing. */
  readonly leftOut: readonly Candidate[];
  /** Their documents cannot be read: the lake keeps their last good version, if there was one. */
  readonly setAside: readonly Candidate[];
}

/**
 * Looks at the records that may be missing or old for a reason: those of tables with a filter or hook, and those in
 * quarantine. They alone are read from HQ with their documents, by the code that ingests, and nothing of them is written.
 */
export async function sortOut(
  parts: ReconcileParts,
  domain: string,
  tables: ComparedTables,
  { findings, unjudged }: Proven,
  signal: AbortSignal,
): Promise<SortedOut> {
  const doubtful = await doubtfulOf(parts, domain, findings);
  const sorted = {
    findings: findings.filter((finding) => !doubtful.has(finding)),
    unjudged: [...unjudged] as Unjudged[],
    leftOut: [] as Candidate[],
    setAside: [] as Candidate[],
  };
  for (const kind of new Set([...doubtful].map(({ candidate }) => candidate.table.kind))) {
    const own = new Map(
      [...doubtful]
        .filter(({ candidate }) => candidate.table.kind === kind)
        .map((finding) => [finding.candidate.id, finding]),
    );
    for await (const [id, outcome] of outcomes(parts, domain, kind, tables, [...own.keys()], signal)) {
      const finding = own.get(id);
      if (finding === undefined) continue;
      const { candidate } = finding;
      const { rev, kept } = outcome;
      if (kept === 'unreadable') sorted.setAside.push(candidate);
      else if (candidate.hq === null || rev !== momentText(candidate.hq))
        sorted.unjudged.push({ reason: 'changes again and again', candidate });
      else if (kept === 'upsert') sorted.findings.push(finding);
      else if (finding.fault === 'missing') sorted.leftOut.push(candidate);
      else sorted.findings.push({ fault: 'ghost', candidate });
    }
  }
  return sorted;
}

/** Of one kind at most one finding with a live record in HQ has an id, for HQ's row has one type. */
async function doubtfulOf(
  { database, config }: ReconcileParts,
  domain: string,
  findings: readonly Finding[],
): Promise<ReadonlySet<Finding>> {
  const open = findings.filter(({ fault }) => fault !== 'ghost');
  const doubtful = new Set(
    open.filter(({ candidate }) =>
      tableConfig(config, domain, candidate.table.name).transforms.some(({ kind }) => kind !== 'mask'),
    ),
  );
  for (const kind of new Set(open.map(({ candidate }) => candidate.table.kind))) {
    const own = open.filter((finding) => finding.candidate.table.kind === kind && !doubtful.has(finding));
    for (let from = 0; from < own.length; from += IDS_PER_LOOK) {
      const some = own.slice(from, from + IDS_PER_LOOK);
      const ids = some.map(({ candidate }) => candidate.id);
      const aside = await setAsideAmong(database, kind, domain, ids);
      for (const finding of some) if (aside.has(finding.candidate.id)) doubtful.add(finding);
    }
  }
  return doubtful;
}

interface Outcome {
  /** HQ's revision as it is now; null: HQ has no such record any more. */
  readonly rev: string | null;
  readonly kept: Extracted['op'];
}

/** What would become of the records, were they read now. */
async function* outcomes(
  parts: ReconcileParts,
  domain: string,
  kind: RecordKind,
  tables: ComparedTables,
  ids: readonly string[],
  signal: AbortSignal,
): AsyncGenerator<readonly [id: string, outcome: Outcome]> {
  const { config, database, hq } = parts;
  const domainConfig = domainOf(config, domain);
  if (domainConfig === undefined) return;
  const transforms = await tableTransforms(parts, config, kind, ({ type }) =>
    Promise.resolve(tables.of(kind, type).name),
  );
  const { newestPublishTimestamp } = await momentNow(database);
  const revs = new Map<string, string>();
  const extracted = hq.extract({
    ...{ kind, domain, ids, newestPublishTimestamp, domainConfig, signal },
    alone: new Set(ids),
    isListed: (type) => isListed(config, domain, kind, type),
  });
  for await (const record of transforms.apply(noted(extracted, revs)))
    yield [record.id, { rev: revs.get(record.id) ?? null, kept: record.op }];
}

async function* noted(
  records: AsyncIterable<Extracted>,
  revs: Map<string, string>,
): AsyncGenerator<Extracted> {
  for await (const record of records) {
    if (record.op === 'upsert') revs.set(record.id, record.rev);
    yield record;
  }
}
