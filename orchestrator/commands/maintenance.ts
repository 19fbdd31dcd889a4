import { randomUUID } from 'node:crypto';
import { hostname, userInfo } from 'node:os';
import type { Command } from 'commander';
import { didYouMean } from '../config/did-you-mean.js';
import { hasAggregationVariables, readAggregationSettings, readSettings } from '../config/settings.js';
import { maintenanceContext } from '../control-plane/maintenance.js';
import { EXIT, LakeError } from '../errors.js';
import { KEEP_HOURS } from '../maintenance/due.js';
import type { TableStatement } from '../maintenance/maintain-table.js';
import { maintain, settleAllLeft, type TableReport } from '../maintenance/run-maintenance.js';
import { maintainedTables, type MaintainedTable } from '../maintenance/tables.js';
import { withExamples } from './help.js';
import { counted, printJson, printLine, printTable } from './terminal/print.js';
import { withSpark } from './with-spark.js';

interface Flags {
  readonly domain?: string;
  readonly table?: readonly string[];
  readonly dryRun?: boolean;
  readonly json?: boolean;
}

export function registerMaintenance(program: Command): void {
  withExamples(
    program
      .command('maintenance')
      .description('compact tables and delete files that no recent version needs, where that pays now')
      .option('--domain <domain>', 'only tables of this domain')
      .option(
        '--table <table...>',
        'only these, as `dimagi-lake tables` prints them; the database may be left out',
      )
      .option('--dry-run', 'only say what is due; asks the Delta log, not Spark')
      .option('--json', 'print the result as JSON')
      .action(maintenance),
    {
      'dimagi-lake maintenance': 'what is due now, on every table, one after the other',
      'dimagi-lake maintenance --table raw_visit_form --dry-run': 'what would be done, and why',
    },
    [
      '`dimagi-lake up` does the same by itself in the hours of MAINTENANCE_WINDOW. A merge that waits for a table goes first;',
      'several processes may run. Ends with 0 when done, 1 when a table could not be looked after or it was stopped.',
    ],
  );
}

async function maintenance(flags: Flags): Promise<void> {
  const aggregations = hasAggregationVariables() ? readAggregationSettings() : undefined;
  const settings = readSettings();
  const reports = await withSpark(async ({ context: tools, lake, signal }) => {
    const owner = `${hostname()}:${process.pid}:${randomUUID()}`;
    const { environment } = settings;
    const aggregatesUrl = aggregations?.environment.AGG_DATA_PATH;
    const context = maintenanceContext({ ...tools, lake, owner }, { environment, aggregatesUrl });
    const tables = chosen(await maintainedTables(context), flags);
    if (flags.dryRun !== true) await settleAllLeft(context);
    const asked = { by: userInfo().username, isNow: true, vacuums: true };
    const done = await maintain(context, tables, { asked, dryRun: flags.dryRun === true }, signal);
    const failed = done.some((each) => each.failure !== null || each.statements.some(isFailed));
    process.exitCode = failed || signal.aborted ? EXIT.failed : EXIT.ok;
    return done;
  }, settings);
  if (flags.json) printJson({ dryRun: flags.dryRun === true, tables: reports.map(plain) });
  else tell(reports, flags.dryRun === true);
}

/** @throws LakeError USAGE for a table that is none */
function chosen(tables: readonly MaintainedTable[], { domain, table: wanted }: Flags): MaintainedTable[] {
  const named = (table: MaintainedTable): string[] => [
    `${table.database}.${table.name}`.toLowerCase(),
    table.name.toLowerCase(),
  ];
  for (const name of wanted ?? []) {
    if (tables.some((table) => named(table).includes(name.toLowerCase()))) continue;
    const near = didYouMean(name, tables.flatMap(named));
    throw new LakeError('USAGE', `There is no table "${name}"`, {
      mend: `${near === undefined ? '' : `Did you mean ${near}? `}\`dimagi-lake tables\` lists all.`,
    });
  }
  if (domain !== undefined && !tables.some((table) => table.domain === domain))
    throw new LakeError('USAGE', `No table is of the domain "${domain}"`);
  const names = wanted?.map((name) => name.toLowerCase());
  return tables.filter(
    (table) =>
      (domain === undefined || table.domain === domain) &&
      (names === undefined || named(table).some((name) => names.includes(name))),
  );
}

function isFailed({ end }: TableStatement): boolean {
  return end?.state === 'failed';
}

function plain({ due, statements, failure }: TableReport): Record<string, unknown> {
  const { table, partitions, vacuum, held, files } = due;
  return {
    table: `${table.database}.${table.name}`,
    version: files?.version.toString() ?? null,
    due: {
      partitions: partitions.map(({ label, reason, files: count, smallFiles, bytes, rows, deletedRows }) => ({
        ...{ partition: label, reason, files: count, smallFiles, bytes, rows, deletedRows },
      })),
      vacuum:
        vacuum === null
          ? null
          : {
              ...{ reason: vacuum.reason, keepHours: KEEP_HOURS },
              ...{ files: vacuum.removable.files, bytes: vacuum.removable.bytes },
            },
    },
    held,
    failure,
    done: statements.map(({ kind, reason, intent, seconds, end }) => ({
      ...{ kind, reason, seconds, partitions: intent.partitions },
      state: end?.state ?? 'no_room',
      job: end === null ? null : `maintenance-${end.id}`,
      failure: end?.failure ?? null,
      before: intent.before,
      after: end?.done?.after ?? null,
      version: end?.done?.versionAfter.toString() ?? null,
      vacuumed: end?.done?.vacuumed ?? null,
    })),
  };
}

function tell(reports: readonly TableReport[], dryRun: boolean): void {
  const lines = reports.flatMap((report) => (dryRun ? linesDue(report) : linesDone(report)));
  if (lines.length > 0)
    printTable(['table', 'what', 'files', 'MB', 'deleted rows', 'seconds', 'result'], lines);
  const idle = reports.filter(
    ({ due, failure }) =>
      failure === null && due.held === null && due.partitions.length === 0 && due.vacuum === null,
  );
  if (idle.length > 0) printLine(`${counted(idle.length, 'table')}: nothing is due`);
  for (const { due, failure } of reports) {
    const why = failure ?? due.held;
    if (why !== null) printLine(`${due.table.database}.${due.table.name} was left alone: ${why}`);
  }
}

function linesDue({ due }: TableReport): (string | number)[][] {
  const name = `${due.table.database}.${due.table.name}`;
  return [
    ...due.partitions.map(({ label, files, bytes, deletedRows, reason }) => [
      ...[name, `OPTIMIZE ${label}`, files, megabytes(bytes), deletedRows, '-', `due: ${reason}`],
    ]),
    ...(due.vacuum === null
      ? []
      : [
          [
            ...[name, 'VACUUM', due.vacuum.removable.files, megabytes(due.vacuum.removable.bytes), '-', '-'],
            `due: ${due.vacuum.reason}`,
          ],
        ]),
  ];
}

function linesDone({ due, statements }: TableReport): (string | number)[][] {
  const name = `${due.table.database}.${due.table.name}`;
  return statements.map(({ kind, intent, seconds, end }) => {
    const { before } = intent;
    const after = end?.done?.after;
    const vacuumed = end?.done?.vacuumed;
    const change = (from: string | number, to: string | number | undefined): string =>
      to === undefined ? String(from) : `${from} → ${to}`;
    const facts =
      kind === 'optimize'
        ? [
            change(before.files, after?.files),
            change(megabytes(before.bytes), after === undefined ? undefined : megabytes(after.bytes)),
            change(before.deletedRows, after?.deletedRows),
          ]
        : [`-${vacuumed?.files ?? 0}`, `-${megabytes(vacuumed?.bytes ?? 0)}`, '-'];
    const result =
      end === null
        ? 'no room: merges need the table, or it was paused; try again'
        : end.state === 'done'
          ? 'done'
          : (end.failure ?? '');
    const what = kind === 'vacuum' ? 'VACUUM' : `OPTIMIZE ${counted(intent.partitions.length, 'partition')}`;
    return [name, what, ...facts, seconds.toFixed(1), result];
  });
}

function megabytes(bytes: number): string {
  return (bytes / 1024 ** 2).toFixed(1);
}
