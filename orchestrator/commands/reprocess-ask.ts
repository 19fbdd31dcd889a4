import { setTimeout as sleep } from 'node:timers/promises';
import { loadModels } from '../aggregation/models/load-models.js';
import { readLedgerEnvironment, type LedgerEnvironment } from '../config/environment.js';
import { hashKeyCheck, requireHashKey } from '../config/hash-key.js';
import { loadLakeConfig, parseStoredConfig, type LakeConfig } from '../config/lake.js';
import { readSettings } from '../config/settings.js';
import { EXIT } from '../errors.js';
import { openHq } from '../extract/hq.js';
import { ConfigVersions } from '../ledger/config-versions.js';
import type { LedgerDatabase } from '../ledger/database.js';
import { migrateLedger } from '../ledger/migrate.js';
import { readRequest, type RequestFacts, type RequestKind, type RequestScope } from '../ledger/reprocess.js';
import { createLogger } from '../logger.js';
import { previewReprocess } from '../reprocess/preview.js';
import { startReprocess } from '../reprocess/requests.js';
import { caller } from './caller.js';
import { stopOnSignal } from './stop-on-signal.js';
import { counted, printJson, printLine, printTable, withCommas } from './terminal/print.js';
import { readTargets } from './until-done.js';
import { withLedger } from './with-ledger.js';

const LOOK_EVERY_MS = 500;
/** Months that a dry run lists. */
const MONTHS_SHOWN = 24;

/** Flags of both verbs. */
export interface AskFlags {
  readonly reason?: string;
  readonly key?: string;
  readonly dryRun?: boolean;
  readonly wait?: boolean;
  readonly json?: boolean;
}

interface Ask {
  readonly kind: RequestKind;
  readonly scope: RequestScope;
  readonly reaggregate: boolean;
}

/** `reprocess` and `migration`: counts, or notes the request in the ledger and, with `--wait`, sees it to its end. */
export async function askAgain(ask: Ask, flags: AskFlags): Promise<void> {
  const environment = readLedgerEnvironment();
  await withLedger(async (database) => {
    await migrateLedger(database, environment.LEDGER_RUNNER_DATABASE_URL);
    const config = loadLakeConfig(environment.LAKE_CONFIG);
    const versions = await requireOwnActive(database, environment, config);
    if (flags.dryRun === true) {
      await dryRun(database, environment, config, versions, ask, flags);
      return;
    }
    const { id, repeated } = await startReprocess(
      { database, config },
      { ...ask, reason: flags.reason ?? null, by: caller(), idempotencyKey: flags.key ?? null },
    );
    const job = `reprocess-${id}`;
    if (flags.json !== true) printLine(`${job}: ${repeated ? 'asked for before' : 'asked for'}`);
    const facts = flags.wait === true ? await wait(database, id) : await readRequest(database, id);
    if (facts === undefined) return;
    if (flags.json === true) printJson({ job, repeated, ...plain(facts) });
    else if (flags.wait === true) printEnd(job, facts);
    else printLine('A running ingestion of its topics does it; or run: dimagi-lake ingestion <topic> --once');
  });
}

/** The pages run under the active lake.yaml: a changed one that nobody applied would change nothing. */
async function requireOwnActive(
  database: LedgerDatabase,
  environment: LedgerEnvironment,
  config: LakeConfig,
): Promise<ConfigVersions> {
  requireHashKey(environment, config);
  const own = { parse: parseStoredConfig, hashKeyCheck: () => hashKeyCheck(environment, config) };
  const versions = new ConfigVersions(database, own);
  await versions.requireActive(config);
  return versions;
}

async function dryRun(
  database: LedgerDatabase,
  { AGGREGATION_MODELS }: LedgerEnvironment,
  config: LakeConfig,
  versions: ConfigVersions,
  { scope }: Ask,
  { json }: AskFlags,
): Promise<void> {
  const { environment } = readSettings();
  const logger = createLogger({ level: environment.LOG_LEVEL, format: environment.LOG_FORMAT });
  const hq = openHq(environment);
  try {
    const preview = await previewReprocess(
      {
        ...{ database, config, hq },
        models: loadModels(AGGREGATION_MODELS).all,
        configOf: (id) => versions.read(id),
        messages: {
          watermarks: async (topic) =>
            (await readTargets(environment, [topic], logger)).get(topic) ?? new Map(),
        },
      },
      scope,
    );
    if (json === true) {
      printJson({ scope, ...preview });
      return;
    }
    const about = preview.isExact ? '' : 'about ';
    if (preview.tables.length > 0)
      printTable(
        ['table', 'records'],
        preview.tables.map(({ table, records }) => [table, withCommas(records)]),
      );
    const time = preview.seconds === null ? '' : `, ${about}${withCommas(preview.seconds)} s`;
    printLine(
      `${about}${counted(preview.records, 'record')}, at most ${counted(preview.pages, 'page')}${time}; nothing was planned`,
    );
    const months = preview.months.map(({ table, month }) =>
      month === null ? table : `${table} ${month.slice(0, 7)}`,
    );
    const more = months.length > MONTHS_SHOWN ? ` and ${months.length - MONTHS_SHOWN} more` : '';
    if (months.length > 0)
      printLine(`months that become stale: ${months.slice(0, MONTHS_SHOWN).join(', ')}${more}`);
    for (const warning of preview.warnings) printLine(warning);
  } finally {
    await hq.close();
  }
}

/** Looks until it has ended, or can't go on by itself; work is done by whoever ingests the topics. */
async function wait(database: LedgerDatabase, id: bigint): Promise<RequestFacts | undefined> {
  const stopped = stopOnSignal();
  let told = '';
  for (;;) {
    const facts = await readRequest(database, id);
    if (facts === undefined || facts.state !== 'running' || facts.halted.length > 0 || stopped.aborted) {
      process.exitCode = exitCodeOf(facts);
      return facts;
    }
    const line = `${counted(facts.records, 'record')} in ${counted(facts.pages, 'page')}, ${facts.openPages} open${facts.failure === null ? '' : `; ${facts.failure}`}`;
    if (line !== told) process.stderr.write(`${line}\n`);
    told = line;
    await sleep(LOOK_EVERY_MS, undefined, { signal: stopped }).catch(() => undefined);
  }
}

function exitCodeOf(facts: RequestFacts | undefined): number {
  if (facts?.state === 'done') return EXIT.ok;
  return facts?.state === 'running' && facts.halted.length > 0 ? EXIT.halted : EXIT.failed;
}

function plain(facts: RequestFacts): Record<string, unknown> {
  return { ...facts, id: facts.id.toString(), records: Number(facts.records) };
}

function printEnd(job: string, { state, records, pages, failure, halted }: RequestFacts): void {
  const why = failure === null ? '' : `: ${failure}`;
  printLine(`${job} is ${state}${why}; ${counted(records, 'record')} in ${counted(pages, 'page')}`);
  for (const table of halted) printLine(`table ${table} is halted: dimagi-lake tables`);
}
