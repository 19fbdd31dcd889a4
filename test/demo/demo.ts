import { join } from 'node:path';
import { stackUp } from '../../deploy/stack/stack.js';
import { IngestionProgress } from '../../orchestrator/commands/ingestion-progress.js';
import { StackProgress } from '../../orchestrator/commands/stack-progress.js';
import { aborted, stopOnSignal } from '../../orchestrator/commands/stop-on-signal.js';
import { printTables } from '../../orchestrator/commands/tables.js';
import { StatusLine } from '../../orchestrator/commands/terminal/status-line.js';
import {
  EXIT_OF_OUTCOME,
  readTargets,
  untilDone,
  type Settled,
  type Targets,
} from '../../orchestrator/commands/until-done.js';
import { dashboardUrl } from '../../orchestrator/config/dashboard-url.js';
import {
  readAggregationEnvironment,
  readAlertEnvironment,
  readApiEnvironment,
  readIngestionEnvironment,
} from '../../orchestrator/config/environment.js';
import { loadLakeConfig, type LakeConfig } from '../../orchestrator/config/lake.js';
import { PART_NAMES, startUp } from '../../orchestrator/control-plane/up.js';
import { EXIT } from '../../orchestrator/errors.js';
import { tableTotals } from '../../orchestrator/ledger/totals.js';
import { sinceNow } from '../../orchestrator/ledger/work-done.js';
import { createLogger, type Logger } from '../../orchestrator/logger.js';
import { startControlPlane, type ControlPlane } from '../../orchestrator/main.js';
import { TOPICS } from '../../orchestrator/types.js';
import { readShellExports } from '../hq-sim/environment-file.js';
import { install, readInstallation } from '../hq-sim/installation.js';
import { loadInstallation } from '../hq-sim/load-installation.js';
import { adminToken } from './admin-token.js';
import { lastMonths, showNumbers } from './aggregate.js';
import { letThingsHappen } from './happenings.js';
import { demoProgramme } from './programme.js';
import { proveLake } from './prove.js';

export interface DemoOptions {
  readonly dir: string;
  readonly once: boolean;
  readonly forms: number;
}

/**
 * The whole thread on this machine: embedded stack, simulated HQ, ingestion of the three topics, and the proof: an
 * oracle that shares no code with the pipeline compares every row and column with HQ; deltalake and beeline count. Then
 * three months are aggregated into the warehouse, and what stands there is compared with an independent computation.
 * @returns the exit code: 0 only when every table equals HQ, and every number the truth
 */
export async function runDemo(options: DemoOptions): Promise<number> {
  const started = Date.now();
  const progress = new StackProgress('demo');
  const stack = await stackUp({
    dir: options.dir,
    report: (line) => {
      progress.step(line);
    },
  }).finally(() => {
    progress.end();
  });
  say('The stack is up; filling the simulated CommCare HQ');
  await install(options.dir, stack.env);
  const loaded = await loadInstallation(options.dir, demoProgramme(options.forms), {}, (forms) => {
    say(`${forms} forms told`);
  });
  say(`HQ holds ${JSON.stringify(loaded.holds)}`);
  const variables = { ...process.env, ...stack.env, ...readShellExports(join(options.dir, 'env.sh')) };
  const environment = readIngestionEnvironment(variables);
  const line = new StatusLine();
  const level = process.env['LOG_LEVEL'] === undefined ? 'warn' : environment.LOG_LEVEL;
  const logger = createLogger({ level, format: environment.LOG_FORMAT, stream: line.log });
  const config = loadLakeConfig(environment.LAKE_CONFIG);
  const start = (): Promise<ControlPlane> => startControlPlane(environment, config, TOPICS, logger);
  const targets = (): Promise<Targets> => readTargets(environment, TOPICS, logger);
  const loadedTargets = await targets();
  let plane = await start();
  const stopped = stopOnSignal();
  let code: number;
  try {
    say('Ingesting locations, cases and forms');
    let settled = await ingestUntil(plane, loadedTargets, stopped, line);
    if (settled.outcome === 'done' && loaded.loaded) {
      // While nobody polls: else each look at Kafka would find a few messages and make a batch of its own of them.
      await plane.stop();
      const changed = await letThingsHappen(options.dir);
      say(`${changed} documents were edited, archived, deleted, moved … in HQ; ingesting what changed`);
      const changedTargets = await targets();
      plane = await start();
      settled = await ingestUntil(plane, changedTargets, stopped, line);
    }
    for (const reason of settled.reasons) say(reason);
    if (settled.outcome !== 'done') return EXIT_OF_OUTCOME[settled.outcome];
    const tables = await tableTotals(plane.context.database);
    printTables(tables);
    const filledAt = loaded.finishedAt;
    const proven = await proveLake({ dir: options.dir, variables, tables, filledAt, say });
    const { domain } = await readInstallation(options.dir);
    const months = lastMonths(demoProgramme(options.forms));
    const equal = (await showNumbers({ domain, months, variables, say })) && proven;
    say(`Done in ${Math.round((Date.now() - started) / 1000)} s`);
    const token = await adminToken(plane.context.database, options.dir);
    say(whatNext(options, dashboardUrl(readApiEnvironment(variables)), token));
    code = equal ? EXIT.ok : EXIT.failed;
  } finally {
    await plane.stop();
  }
  if (!options.once) await serve({ variables, config, logger, stopped });
  return code;
}

interface Serving {
  readonly variables: NodeJS.ProcessEnv;
  readonly config: LakeConfig;
  readonly logger: Logger;
  readonly stopped: AbortSignal;
}

/** Goes on as `dimagi-lake up` does: ingestion, schedules, requested aggregations, alerts, API and dashboard. */
async function serve({ variables, config, logger, stopped }: Serving): Promise<void> {
  const ingestion = readIngestionEnvironment(variables);
  const settings = {
    ...{ ingestion, config, logger, redisUrl: ingestion.REDIS_URL },
    aggregation: readAggregationEnvironment(variables),
    api: readApiEnvironment(variables),
    alerts: readAlertEnvironment(variables),
  };
  const running = await startUp(settings, PART_NAMES);
  await aborted(stopped);
  await running.stop();
}

async function ingestUntil(
  plane: ControlPlane,
  targets: Targets,
  stopped: AbortSignal,
  line: StatusLine,
): Promise<Settled> {
  const since = await Promise.all(TOPICS.map((topic) => sinceNow(plane.context.database, topic)));
  const work = new IngestionProgress(line, plane.context.database, since);
  const settled = await untilDone(plane, targets, stopped, () => work.look(targets));
  line.clear();
  return settled;
}

function whatNext({ dir, once }: DemoOptions, dashboard: string, token: string): string {
  const at = dir === '.dimagi-lake' ? '' : ` --dir ${dir}`;
  const next: readonly (readonly [string, string])[] = [
    [`. ${dir}/env.sh`, 'every variable of the services'],
    ...(once ? [['npx dimagi-lake up', 'everything in one process, with API and dashboard'] as const] : []),
    [`npx dimagi-lake hq-sim change --kind edit --count 3${at}`, 'something happens in HQ'],
    ...(once ? [['npx dimagi-lake ingestion form-sql --once', 'and is brought into the lake'] as const] : []),
    ['npx dimagi-lake doctor', 'look at every service'],
    ['npx dimagi-lake tables', 'what stands in the lake'],
    [`npx dimagi-lake stack down${at}`, 'end every process; data stays'],
  ];
  const width = Math.max(...next.map(([command]) => command.length));
  const lines = next.map(([command, why]) => `  ${command.padEnd(width)}   # ${why}`);
  const stays = once
    ? `The stack stays up. \`up\` serves the dashboard at ${dashboard}; log in with the admin token`
    : `Everything stays up until Ctrl-C. The dashboard is at ${dashboard}; log in with the admin token`;
  return [stays, `  ${token}`, 'Try next:', ...lines].join('\n');
}

function say(line: string): void {
  process.stderr.write(`${line}\n`);
}
