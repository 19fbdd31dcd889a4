import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { stackUp } from '../../../deploy/stack/stack.js';
import { PACKAGE_ROOT } from '../../../orchestrator/package-root.js';
import { freshLake, type Closing, type FreshLake } from '../../helpers/fresh-lake.js';
import { startRestProxy } from '../../helpers/rest-proxy.js';
import { loadSmallProgramme } from '../../helpers/small-programme.js';
import { endDrivers } from '../../helpers/spark-drivers.js';
import { stackVariable } from '../../helpers/stack-environment.js';
import { startTcpGate, type TcpGate } from '../../helpers/tcp-gate.js';
import { INJECTORS } from './inject/injectors.js';
import type { Mend, Scene } from './inject/injector.js';
import { countsOf, readEnds, unlessIdle, untilIdle, type Counts } from './moments.js';
import type { FaultName } from './named-faults.js';
import {
  describeFault,
  describePlan,
  type PlannedFault,
  type Round,
  type RunPlan,
  type Settings,
} from './plan.js';
import { ServiceManager } from './service-manager.js';
import { SmallDisk } from './small-disk.js';
import { SparkAnswers } from './spark-answers.js';
import type { Story } from './story.js';
import { requireRight } from './verdict.js';
import { letHappen } from './workload.js';

/** What a run came to; its faults and sentences stand in the story. */
export interface RunOutcome {
  /** Documents that something happened to in HQ. */
  readonly changed: number;
  readonly batches: number;
  /** Faults that fell into work, in their order; others found nothing to hit. */
  readonly hit: readonly FaultName[];
  readonly missed: readonly FaultName[];
}

/** Numbers of a run that grow. */
interface Tally {
  changed: number;
  readonly hit: FaultName[];
  readonly missed: FaultName[];
}

/**
 * One run of a plan on the stack that is up: an HQ with a small programme, orchestrators under a service manager, then
 * round by round changes and faults; at the end all is brought in and judged.
 * @throws Error naming what is wrong: a difference, an end that nobody asked for, a process that is left
 */
export async function run(plan: RunPlan, story: Story, closing: Closing): Promise<RunOutcome> {
  story.write('plan', describePlan(plan));
  // What an earlier run that failed has left down.
  await stackUp({ dir: stackVariable('TEST_STACK_DIR') });
  const scene = await openScene(plan.settings, story, closing);
  const { lake, manager } = scene;
  const tally: Tally = { changed: 0, hit: [], missed: [] };
  closing.after(async () => {
    await manager.killAll();
    story.keep(manager);
    await story.keepLedger(lake);
  });
  await loadSmallProgramme(lake);
  // In large batches: what is tried begins after it.
  await lake.ingestAll();
  // Its drivers know the way to S3 that has no gate, and no executors.
  if (scene.s3 !== undefined || plan.settings.executors) await endDrivers();
  for (let count = 0; count < plan.settings.orchestrators; count++) manager.start();
  const readSince = lake.clock.next();
  story.say('the programme is in the lake');
  for (const [turn, round] of plan.rounds.entries()) await playRound(scene, round, turn, plan.name, tally);
  scene.ends = await readEnds();
  await untilIdle(lake, scene.ends);
  await manager.stopAll();
  story.say('all is brought in');
  await requireRight(scene, readSince);
  const batches = (await countsOf(lake))?.planned ?? 0;
  return { changed: tally.changed, batches, hit: tally.hit, missed: tally.missed };
}

async function playRound(
  scene: Scene,
  round: Round,
  turn: number,
  name: string,
  tally: Tally,
): Promise<void> {
  const { lake } = scene;
  for (const { fault } of round.faults) await INJECTORS[fault].prepare?.(scene);
  const before = await countsOf(lake);
  for (const [place, change] of round.changes.entries()) {
    const changed = await letHappen(lake, change, `${name} ${turn} ${place}`);
    tally.changed += changed;
    scene.say(`${change.kind} x${changed}`);
  }
  scene.ends = await readEnds();
  for (const planned of round.faults) await happen(scene, planned, before, tally);
  if (round.settles) {
    scene.ends = await readEnds();
    await untilIdle(lake, scene.ends);
  }
}

async function happen(
  scene: Scene,
  { fault, at, and }: PlannedFault,
  before: Counts | undefined,
  tally: Tally,
): Promise<void> {
  const { lake, ends } = scene;
  if (at !== null) {
    const wanted = (before?.[at.moment] ?? 0) + at.nth;
    const came = await unlessIdle(
      lake,
      ends,
      describeFault({ fault, at, and }),
      async () => ((await countsOf(lake))?.[at.moment] ?? 0) >= wanted,
    );
    if (!came) scene.say(`${fault}: all was done before its moment; it happens now`);
  }
  const mends: Mend[] = [];
  for (const each of and === null ? [fault] : [fault, and]) {
    const mend = await INJECTORS[each].inject(scene);
    (mend === undefined ? tally.missed : tally.hit).push(each);
    scene.say(mend === undefined ? `${each}: nothing was there to hit` : `${each}: happened`);
    if (mend !== undefined) mends.push(mend);
  }
  for (const mend of mends) await mend();
  scene.say(`${fault}: mended`);
}

async function openScene(settings: Settings, story: Story, closing: Closing): Promise<Scene> {
  const { partitions, storage, drivers } = settings;
  const lake = await freshLake(closing, {
    storage,
    cold: drivers === 'cold',
    partitions: { 'form-sql': partitions, 'case-sql': partitions, location: 1 },
  });
  const spark = new SparkAnswers();
  const proxy = await startRestProxy(closing, (act) => spark.fateOf(act));
  const s3 = lake.s3 === undefined ? undefined : await gateTo(closing, lake.s3.endpoint);
  const disk = settings.smallDisk ? mountedDisk(lake, closing, story) : undefined;
  const clockFile = join(story.folder, 'clock-shift-ms');
  const setClock = (shiftMs: number): void => {
    writeFileSync(clockFile, String(shiftMs));
  };
  setClock(0);
  const stack = stackVariable('TEST_STACK_DIR');
  const manager = new ServiceManager({
    ...lake.env,
    ...(s3 === undefined ? {} : { S3_ENDPOINT: `http://127.0.0.1:${s3.port}` }),
    SPARK_REST_URLS: proxy.url,
    LOG_FORMAT: 'json',
    MAX_RECORDS_TO_PROCESS: String(settings.batch),
    // Merges on executors, whatever their size.
    ...(settings.executors ? { SPARK_LOCAL_MAX_ROWS: '0' } : {}),
    RUN_LEASE_SECONDS: '10',
    LOCATION_TYPE_POLL_SECONDS: '1',
    NODE_OPTIONS: `--import ${shiftedClock()}`,
    FAULT_CLOCK_FILE: clockFile,
    FAULT_RUN: stack,
  });
  const say = (line: string): void => {
    story.say(line);
  };
  return { lake, settings, stack, manager, spark, proxy, s3, disk, setClock, ends: new Map(), say };
}

function shiftedClock(): string {
  return pathToFileURL(join(PACKAGE_ROOT, 'test', 'faults', 'random', 'shifted-clock.mjs')).href;
}

async function gateTo(closing: Closing, endpoint: string): Promise<TcpGate> {
  const { hostname, port } = new URL(endpoint);
  return await startTcpGate(closing, hostname, Number(port));
}

/** Its folders are empty still, as nothing has been read. */
function mountedDisk(lake: FreshLake, closing: Closing, story: Story): SmallDisk | undefined {
  const folderOf = (name: string): string => new URL(lake.env[name] ?? '').pathname;
  const disk = SmallDisk.mount({
    staging: folderOf('CHECKPOINT_BASE_DIR'),
    lake: folderOf('HQ_DATA_PATH'),
  });
  if (disk === undefined)
    story.say('no small disk: it takes Linux and root; faults of a full disk are left out');
  else
    closing.after(() => {
      disk.unmount();
    });
  return disk;
}
