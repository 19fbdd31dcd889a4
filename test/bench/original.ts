import { randomUUID } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { formJson } from '../../orchestrator/extract/form-json/form-json.js';
import { freshLake, type FreshLake } from '../helpers/fresh-lake.js';
import { brokers, deleteTopics, recreateTopics } from '../helpers/kafka-topics.js';
import { endDrivers } from '../helpers/spark-drivers.js';
import { stackVariable } from '../helpers/stack-environment.js';
import { systemClock } from '../hq-sim/clock.js';
import { openChangeFeed } from '../hq-sim/change-feed.js';
import { startOriginal, type Original } from './baselines/original-process.js';
import { announce, benchConfig, fillForms, fillPlaces, formOf } from './fill-hq.js';
import { largeForm, xmlnsOf, type LargeForm } from './large-form.js';
import type { Bench, Figure, Measurement } from './measurement.js';
import { readDeltaFiles, rewriteFigure, tablesIn } from './merge/delta-files.js';
import { allOf, treeOf, usageOf, type ProcessUsage } from './process-usage.js';
import { sparkOf } from './spark-usage.js';
import { median, readable } from './statistics.js';

/** The first batch makes the tables and warms both up; it is no part of the figures. */
const WARM_UPS = 1;
const MEMORY = '2g';
/** Documents sent at a time. */
const AT_ONCE = 50;

interface Side {
  readonly seconds: number;
  readonly usage: ProcessUsage;
}

/** Whole batches by us (HQ’s rows, gzip XML, the control plane) and by the design this system is measured against, in turn. */
export const original: Measurement = {
  name: 'original',
  title:
    'Batches of forms of 11 KB over 10 tables (four updates to one new), by us and by the original’s design, in turn',
  needsStack: true,
  async measure(bench) {
    const count = { smoke: 200, quick: 5_000, full: 50_000 }[bench.size];
    const rounds = { smoke: 1, quick: 2, full: 3 }[bench.size];
    await endDrivers();
    const env = { SPARK_DRIVER_MEMORY: MEMORY, SPARK_WARM_SECONDS: '600' };
    const lake = await freshLake(bench, { config: benchConfig, env });
    const workers = await fillPlaces(lake.hq, lake.domain);
    // The forms by which HQ made its workers are no part of the batches.
    await lake.ingestAll(['form-sql']);
    const theirs = await openOriginal(bench, lake);
    const forms: LargeForm[] = [];
    const ours: Side[] = [];
    const others: Side[] = [];
    for (let round = 0; round < WARM_UPS + rounds; round++) {
      bench.progress(`round ${round + 1} of ${WARM_UPS + rounds}: ${readable(count)} forms by us`);
      const fresh = round === 0 ? count : count / 5;
      const again = forms.slice(0, count - fresh);
      const ids = await fillForms(lake.hq, lake.domain, fresh, workers);
      const added = ids.map((id, number) => formOf(id, number, workers));
      forms.push(...added);
      const batch = [...again, ...added];
      await announce(
        lake.hq,
        batch.map(({ id }) => id),
      );
      const our = await byUs(lake, count);
      bench.progress(`${sideText(our)}; the same by the original`);
      await theirs.send(batch.map((form) => documentOf(lake.domain, form)));
      const other = await byOriginal(theirs.process, count);
      bench.progress(sideText(other));
      ours.push(our);
      others.push(other);
    }
    const ourTables = tablesIn(join(lake.folder, 'commcare', lake.domain, 'form-sql'));
    const theirTables = tablesIn(join(theirs.folder, 'tables'));
    requireRows(ourTables, theirTables, forms.length);
    return [
      ...figuresOf(ours.slice(WARM_UPS), others.slice(WARM_UPS), count),
      rewriteFigure('ours', ourTables, rounds),
      rewriteFigure('the original', theirTables, rounds),
    ];
  },
};

interface Theirs {
  readonly process: Original;
  readonly folder: string;
  send(documents: readonly TheirDocument[]): Promise<void>;
}

interface TheirDocument {
  readonly table: string;
  readonly json: string;
}

async function openOriginal(bench: Bench, lake: FreshLake): Promise<Theirs> {
  const topic = `bench-original-${randomUUID()}`;
  await recreateTopics({ [topic]: 2 });
  bench.after(() => deleteTopics([topic]));
  const folder = join(dirname(lake.folder), 'original');
  mkdirSync(folder);
  const feed = await openChangeFeed({ kafka: { brokers: brokers() }, clock: systemClock() });
  bench.after(() => feed.close());
  const process = await startOriginal({ brokers: brokers(), topic, folder, memory: MEMORY });
  bench.after(() => process.close());
  return {
    process,
    folder,
    async send(documents) {
      for (let at = 0; at < documents.length; at += AT_ONCE)
        await Promise.all(
          documents.slice(at, at + AT_ONCE).map(({ table, json }) => feed.sendRaw(topic, table, json)),
        );
    },
  };
}

/** The document as the original found it: HQ's own code has made JSON of the XML, at no cost to it here. */
function documentOf(domain: string, form: LargeForm): TheirDocument {
  const xmlns = xmlnsOf(form.type);
  const read = formJson(Buffer.from(largeForm(form)));
  if ('reason' in read) throw new Error(`a form that is none: ${read.reason}`);
  const meta = read.form['meta'] as { readonly timeEnd: string };
  const document = {
    ...{ _id: form.id, doc_type: 'XFormInstance', domain, xmlns, user_id: form.userId },
    ...{
      received_on: meta.timeEnd,
      server_modified_on: meta.timeEnd,
      month: `${meta.timeEnd.slice(0, 7)}-01`,
    },
    form: read.form,
  };
  return { table: `visit_${form.type}`, json: JSON.stringify(document) };
}

/** From the start of the `ingestion` process, whose own start counts, to its end. */
async function byUs(lake: FreshLake, count: number): Promise<Side> {
  const began = performance.now();
  const plane = lake.start('form-sql');
  const watched = allOf(treeOf(plane.pid), sparkOf(stackVariable('TEST_STACK_DIR')));
  const { result, usage } = await usageOf(watched, () => plane.ended);
  if (result.code !== 0)
    throw new Error(`the ingestion ended with ${result.code ?? 'a signal'}: ${result.stderr}`);
  const seconds = (performance.now() - began) / 1000;
  const { rows } = await lake.ledger.query<{ ids: number }>(
    "SELECT ids FROM batch WHERE topic = 'form-sql' AND state = 'committed' ORDER BY sequence DESC LIMIT 1",
  );
  if (rows[0]?.ids !== count) throw new Error(`the last batch has ${rows[0]?.ids ?? 'no'} ids, not ${count}`);
  return { seconds, usage: required(usage) };
}

function sideText({ seconds, usage }: Side): string {
  return `${readable(seconds)} s, of processor time ${readable(usage.cpuSeconds)} s`;
}

async function byOriginal(process: Original, count: number): Promise<Side> {
  const { result, usage } = await usageOf(treeOf(process.pid), () => process.round());
  if (result.rows !== count) throw new Error(`the original merged ${result.rows} rows, not ${count}`);
  return { seconds: result.seconds, usage: required(usage) };
}

function required(usage: ProcessUsage | null): ProcessUsage {
  if (usage === null) throw new Error('there is no /proc to tell processor time from');
  return usage;
}

/** Both must have done the work that is compared. */
function requireRows(ours: readonly string[], theirs: readonly string[], rows: number): void {
  const inAll = (tables: readonly string[]): number =>
    tables.reduce((sum, table) => sum + readDeltaFiles(table).rows, 0);
  if (inAll(ours) !== rows || inAll(theirs) !== rows)
    throw new Error(
      `${rows} rows should be in the tables: ours have ${inAll(ours)}, the original’s ${inAll(theirs)}`,
    );
}

function* figuresOf(ours: readonly Side[], theirs: readonly Side[], count: number): Generator<Figure> {
  const perCpu = (sides: readonly Side[]): number[] => sides.map(({ usage }) => count / usage.cpuSeconds);
  const all = (values: readonly number[]): string => `median of ${values.map(readable).join('; ')}`;
  const ratios = perCpu(ours).map((rate, round) => rate / (perCpu(theirs)[round] ?? Infinity));
  yield {
    what: 'rows per processor second, ours against the original’s',
    value: median(ratios),
    unit: 'times',
    target: { atLeast: 3 },
    how: `${all(ratios)}, a round of ${readable(count)} records each`,
  };
  for (const [whose, sides] of [
    ['ours (control plane and drivers)', ours],
    ['the original (Python and its JVM)', theirs],
  ] as const) {
    const seconds = sides.map((side) => side.seconds);
    const cpu = sides.map(({ usage }) => usage.cpuSeconds);
    const peak = Math.max(...sides.map(({ usage }) => usage.peakBytes)) / 1024 ** 2;
    yield {
      what: `${whose}: rows per processor second`,
      value: median(perCpu(sides)),
      unit: 'rows/s',
      how: all(perCpu(sides)),
    };
    yield { what: `${whose}: processor time`, value: median(cpu), unit: 's', how: all(cpu) };
    yield { what: `${whose}: time`, value: median(seconds), unit: 's', how: all(seconds) };
    yield { what: `${whose}: peak memory`, value: peak, unit: 'MB' };
  }
}
