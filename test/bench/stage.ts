import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { freshLake, type FreshLake } from '../helpers/fresh-lake.js';
import { benchConfig, fillForms, fillPlaces } from './fill-hq.js';
import type { Figure, Measurement } from './measurement.js';
import type { StageCost } from './stage-process.js';
import { median, readable } from './statistics.js';

const PROGRAM = join(dirname(fileURLToPath(import.meta.url)), 'stage-process.js');
const MEGABYTE = 1024 ** 2;

/** extract ▸ shape ▸ stage as the control plane does it, and nothing else beside it. */
export const stage: Measurement = {
  name: 'stage',
  title: 'Extract, shape and stage: forms of 11 KB from two shards and a folder of gzip blobs, 10 tables',
  needsStack: true,
  async measure(bench) {
    const lake = await freshLake(bench, { config: benchConfig });
    const workers = await fillPlaces(lake.hq, lake.domain);
    const batches = 5;
    const size = { smoke: 100, quick: 2_000, full: 10_000 }[bench.size];
    bench.progress(`HQ is filled with ${batches * size} forms`);
    const ids = await fillForms(lake.hq, lake.domain, batches * size, workers);
    bench.progress(`${batches} batches are staged`);
    const lists = Array.from({ length: batches }, (_, index) => ids.slice(index * size, (index + 1) * size));
    return [...speedOf(await stageLists(lake, lists))];
  },
};

/** The memory of one large batch, in a process that does nothing else. */
export const stageMemory: Measurement = {
  name: 'stage-memory',
  title: 'Memory of the stage step by size of the batch (forms of 11 KB)',
  needsStack: true,
  async measure(bench) {
    const lake = await freshLake(bench, { config: benchConfig });
    const workers = await fillPlaces(lake.hq, lake.domain);
    const sizes = { smoke: [100], quick: [2_000, 10_000], full: [5_000, 50_000] }[bench.size];
    const figures: Figure[] = [];
    for (const size of sizes) {
      bench.progress(`HQ is filled with ${size} forms`);
      const ids = await fillForms(lake.hq, lake.domain, size, workers);
      bench.progress(`a batch of ${size} forms is staged`);
      const [cost] = await stageLists(lake, [ids]);
      const peak = (cost?.peakBytes ?? 0) / MEGABYTE;
      figures.push({
        what: `peak memory, batch of ${readable(size)} forms`,
        value: peak,
        unit: 'MB',
        target: { atMost: 512 },
      });
    }
    return figures;
  },
};

function speedOf(costs: readonly StageCost[]): readonly Figure[] {
  // The first batch pays for compiling the code; a control plane lives for weeks.
  const [first, ...later] = costs;
  const perCpuSecond = later.map((cost) => cost.ids / cost.cpuSeconds);
  const perSecond = later.map((cost) => cost.ids / cost.seconds);
  const all = (values: readonly number[]): string => `median of ${values.map(readable).join('; ')}`;
  return [
    {
      what: 'forms per second of processor time (user and system, all threads)',
      value: median(perCpuSecond),
      unit: 'forms/s',
      target: { atLeast: 2_000 },
      how: all(perCpuSecond),
    },
    { what: 'forms per second of time', value: median(perSecond), unit: 'forms/s', how: all(perSecond) },
    {
      what: 'the first batch of a new process, per second of processor time',
      value: first === undefined ? 0 : first.ids / first.cpuSeconds,
      unit: 'forms/s',
    },
    { what: 'peak memory', value: Math.max(...costs.map((cost) => cost.peakBytes)) / MEGABYTE, unit: 'MB' },
  ];
}

async function stageLists(lake: FreshLake, lists: readonly (readonly string[])[]): Promise<StageCost[]> {
  const file = join(dirname(lake.folder), 'ids.json');
  writeFileSync(file, JSON.stringify(lists));
  const child = spawn(process.execPath, [PROGRAM, lake.domain, file], {
    env: { ...process.env, ...lake.env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  const said = await text(child.stdout);
  const code = await ended;
  if (code !== 0) throw new Error(`the stage process ended with ${code ?? 'a signal'}`);
  return said
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as StageCost);
}
