import { LakeError } from '../errors.js';
import type { LedgerDatabase, Queryable } from './database.js';
import { requireLease, type Lease } from './leases.js';
import { iso } from './moment.js';

/** Alerts and their rules as they stand in the ledger (migrations/0013_alerts.sql); alerts/ decides what is one. */
export const ALERT_KINDS = [
  'topic_halted',
  'table_halted',
  'lag',
  'freshness',
  'aggregation_failed',
  'audit_failed',
  'disk',
] as const;
export type AlertKind = (typeof ALERT_KINDS)[number];

/** Kinds that compare a number with a limit, with the largest limit that makes sense. */
const LARGEST_LIMIT: Readonly<Partial<Record<AlertKind, number>>> = {
  lag: 1e12,
  freshness: 366 * 86_400,
  disk: 100,
};

export interface AlertRule {
  readonly kind: AlertKind;
  readonly enabled: boolean;
  /** Messages (lag), seconds (freshness), per cent used (disk); null for the others. */
  readonly limit: number | null;
}

/** Something that needs a person, seen now. */
export interface Problem {
  readonly kind: AlertKind;
  readonly subject: string;
  /** Ids and counts, never record content. */
  readonly text: string;
  /** `near`: not far enough below its limit; keeps an alert that stands, begins none. */
  readonly grade: 'over' | 'near';
  /** May pass by itself: nobody is told before it has lasted for a while. */
  readonly isPatient: boolean;
}

/** Every rule, in the order of ALERT_KINDS. */
export async function readAlertRules(database: Queryable): Promise<AlertRule[]> {
  const rows = await database.query<AlertRule & Record<string, unknown>>(
    'SELECT kind, enabled, threshold AS "limit" FROM alert_rule',
  );
  return rows.sort((a, b) => ALERT_KINDS.indexOf(a.kind) - ALERT_KINDS.indexOf(b.kind));
}

/**
 * Changes the rules given and leaves the others. The next look goes by them.
 * @throws LakeError USAGE for a limit that can't be one; nothing is changed then
 */
export async function changeAlertRules(database: LedgerDatabase, rules: readonly AlertRule[]): Promise<void> {
  for (const rule of rules) requireLimit(rule);
  await database.transaction(async (tx) => {
    for (const { kind, enabled, limit } of [...rules].sort((a, b) => (a.kind < b.kind ? -1 : 1)))
      await tx.query(
        'UPDATE alert_rule SET enabled = $2, threshold = $3, changed_at = now() WHERE kind = $1',
        [kind, enabled, limit],
      );
  });
}

function requireLimit({ kind, limit }: AlertRule): void {
  const largest = LARGEST_LIMIT[kind];
  if (largest === undefined ? limit === null : limit !== null && limit > 0 && limit <= largest) return;
  const mend =
    largest === undefined
      ? `Give null as the limit of ${kind}.`
      : `Give a number above 0 and up to ${largest}.`;
  throw new LakeError('USAGE', `The rule ${kind} can't have the limit ${limit ?? 'null'}`, { mend });
}

export interface AlertRecord {
  /** As text: JSON has no bigint. */
  readonly id: string;
  readonly kind: AlertKind;
  readonly subject: string;
  readonly text: string;
  readonly since: string;
  readonly endedAt: string | null;
  /** When the webhook was last told of it. */
  readonly deliveredAt: string | null;
  /** Why the newest attempt failed, as long as it has not been made good. */
  readonly deliveryError: string | null;
}

/** Alerts that stand, oldest first, and those that ended lately, newest first. */
export async function readAlerts(
  database: Queryable,
  recent = 50,
): Promise<{ readonly open: AlertRecord[]; readonly recent: AlertRecord[] }> {
  const rows = (where: string, limit: number): Promise<AlertRecord[]> =>
    database.query<AlertRecord & Record<string, unknown>>(
      `SELECT a.id::text, a.kind, a.subject, a.text, ${iso('a.since')} AS since, ${iso('a.ended_at')} AS "endedAt",
         (SELECT ${iso('max(d.delivered_at)')} FROM alert_delivery d WHERE d.alert_id = a.id) AS "deliveredAt",
         (SELECT d.error FROM alert_delivery d WHERE d.alert_id = a.id AND d.delivered_at IS NULL
          ORDER BY d.state LIMIT 1) AS "deliveryError"
       FROM alert a WHERE ${where} LIMIT $1`,
      [limit],
    );
  return {
    open: await rows('a.ended_at IS NULL AND NOT a.pending ORDER BY a.since, a.id', OPEN_SHOWN),
    recent: await rows('a.ended_at IS NOT NULL ORDER BY a.ended_at DESC, a.id DESC', recent),
  };
}

/** More than anybody reads; a list has to have an end. */
const OPEN_SHOWN = 1_000;

export interface Patience {
  /** What may pass by itself has to last so long before it is an alert. */
  readonly holdSeconds: number;
  /** What is not seen any more has to stay so for so long before it is over. */
  readonly quietSeconds: number;
}

/**
 * Compares what is seen now with what stands, in one transaction: begins alerts, keeps them, ends them.
 * @param looked kinds that could be looked at; alerts of the others stay as they are, for nothing is known of them
 * @returns those that began and those that ended, as `kind subject`
 * @throws LakeError LEASE_LOST when another process looks after the alerts now
 */
export async function settleAlerts(
  tx: Queryable,
  lease: Lease,
  { problems, looked }: { readonly problems: readonly Problem[]; readonly looked: readonly AlertKind[] },
  { holdSeconds, quietSeconds }: Patience,
): Promise<{ readonly began: readonly string[]; readonly ended: readonly string[] }> {
  await requireLease(tx, lease);
  const before = await standing(tx);
  const seen = problems.filter((problem) => looked.includes(problem.kind));
  const over = columns(seen.filter((problem) => problem.grade === 'over'));
  await tx.query(
    `INSERT INTO alert AS known (kind, subject, text, pending)
     SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::boolean[]) ORDER BY 1, 2
     ON CONFLICT (kind, subject) WHERE ended_at IS NULL DO UPDATE SET
       text = excluded.text, clear_since = NULL, pending = known.pending AND excluded.pending
       WHERE known.text <> excluded.text OR known.clear_since IS NOT NULL OR (known.pending AND NOT excluded.pending)`,
    [over.kinds, over.subjects, over.texts, over.patient],
  );
  await tx.query(
    `UPDATE alert SET pending = false
     WHERE ended_at IS NULL AND pending AND since <= now() - make_interval(secs => $3)
       AND (kind, subject) IN (SELECT * FROM unnest($1::text[], $2::text[]))`,
    [over.kinds, over.subjects, holdSeconds],
  );
  const near = columns(seen.filter((problem) => problem.grade === 'near'));
  await tx.query(
    `UPDATE alert SET clear_since = NULL
     WHERE ended_at IS NULL AND NOT pending AND clear_since IS NOT NULL
       AND (kind, subject) IN (SELECT * FROM unnest($1::text[], $2::text[]))`,
    [near.kinds, near.subjects],
  );
  await tx.query(
    `DELETE FROM alert WHERE ended_at IS NULL AND pending AND kind = ANY($3::text[])
       AND (kind, subject) NOT IN (SELECT * FROM unnest($1::text[], $2::text[]))`,
    [over.kinds, over.subjects, looked],
  );
  const all = columns(seen);
  await tx.query(
    `UPDATE alert SET clear_since = now()
     WHERE ended_at IS NULL AND clear_since IS NULL AND kind = ANY($3::text[])
       AND (kind, subject) NOT IN (SELECT * FROM unnest($1::text[], $2::text[]))`,
    [all.kinds, all.subjects, looked],
  );
  await tx.query(
    `UPDATE alert SET ended_at = now() WHERE ended_at IS NULL AND clear_since <= now() - make_interval(secs => $1)`,
    [quietSeconds],
  );
  const after = await standing(tx);
  return { began: without(after, before), ended: without(before, after) };
}

async function standing(tx: Queryable): Promise<ReadonlyMap<bigint, string>> {
  const rows = await tx.query<{ id: bigint; name: string }>(
    `SELECT id, kind || ' ' || subject AS name FROM alert WHERE ended_at IS NULL AND NOT pending`,
  );
  return new Map(rows.map((row) => [row.id, row.name]));
}

function without(some: ReadonlyMap<bigint, string>, others: ReadonlyMap<bigint, string>): string[] {
  return [...some].filter(([id]) => !others.has(id)).map(([, name]) => name);
}

function columns(problems: readonly Problem[]): {
  readonly kinds: string[];
  readonly subjects: string[];
  readonly texts: string[];
  readonly patient: boolean[];
} {
  return {
    kinds: problems.map((problem) => problem.kind),
    subjects: problems.map((problem) => problem.subject),
    texts: problems.map((problem) => problem.text),
    patient: problems.map((problem) => problem.isPatient),
  };
}
