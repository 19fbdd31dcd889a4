import { ERROR_CODES, type ErrorCode } from '../errors.js';
import type { AlertKind, AlertRule, Problem } from '../ledger/alerts.js';
import type { Pause } from '../ledger/pauses.js';
import type { FailedMonth, TableFigures, TopicFigures } from '../ledger/figures.js';

/** All that problems are found in, as it was at one moment. */
export interface LakeFacts {
  readonly topics: readonly TopicFigures[];
  readonly tables: readonly TableFigures[];
  readonly failed: readonly FailedMonth[];
  /** Messages per topic that are not in the lake; undefined: Kafka does not tell. */
  readonly lags: ReadonlyMap<string, number> | undefined;
  readonly disks: readonly DiskFacts[];
  readonly pauses: readonly Pick<Pause, 'scope' | 'name'>[];
}

/** A disk of this process's machine that something of ours stands on. */
export interface DiskFacts {
  /** The variables whose folders stand on it. */
  readonly name: string;
  readonly usedPercent: number;
  readonly freeBytes: number;
}

/** An alert of a number ends when it is well below its limit: a number that wavers around it is one alert, not ten. */
const NEAR_SHARE = 0.8;
const NEAR_DISK_POINTS = 2;
/** A reason may be long; a message to a person may not. */
const TEXT_LENGTH = 500;

/** What can be looked at with these facts: of a kind that can't be, nothing is begun and nothing is over. */
export function lookedAt(facts: LakeFacts): readonly AlertKind[] {
  const always: readonly AlertKind[] = [
    'topic_halted',
    'table_halted',
    'freshness',
    'aggregation_failed',
    'audit_failed',
    'disk',
  ];
  return facts.lags === undefined ? always : [...always, 'lag'];
}

/** Whatever needs a person now, by the rules. Pure. A rule that is switched off finds nothing, so its alerts end. */
export function findProblems(facts: LakeFacts, rules: readonly AlertRule[]): Problem[] {
  return rules
    .filter((rule) => rule.enabled)
    .flatMap(({ kind, limit }) => FINDERS[kind](facts, limit ?? Number.POSITIVE_INFINITY))
    .map((problem) => ({ ...problem, text: problem.text.slice(0, TEXT_LENGTH) }));
}

type Finder = (facts: LakeFacts, limit: number) => Problem[];

const FINDERS: Readonly<Record<AlertKind, Finder>> = {
  topic_halted: ({ topics }) =>
    topics
      .filter((topic) => topic.state === 'halted')
      .map(({ topic, reason }) =>
        certain('topic_halted', topic, `topic ${topic} is halted: ${reason ?? ''}`),
      ),
  table_halted: ({ tables }) =>
    tables
      .filter((table) => table.state === 'halted')
      .map((table) =>
        certain('table_halted', nameOf(table), `table ${nameOf(table)} is halted: ${table.reason ?? ''}`),
      ),
  lag: (facts, limit) =>
    [...(facts.lags ?? [])]
      .filter(([topic]) => !isPaused(facts, topic))
      .flatMap(([topic, lag]) =>
        measured(
          'lag',
          topic,
          `${topic} is ${lag.toLocaleString('en')} messages behind`,
          gradeOf(lag, limit),
        ),
      ),
  freshness: (facts, limit) => [
    // What is halted has an alert of its own, and one cause is one alert. What is paused waits because somebody wants it to.
    ...facts.topics
      .filter((topic) => topic.state !== 'halted' && !isPaused(facts, topic.topic))
      .flatMap(({ topic, unstagedSeconds: age }) =>
        measured(
          'freshness',
          topic,
          `changes of ${topic} wait for ${minutes(age)} to be read from HQ`,
          gradeOf(age, limit),
        ),
      ),
    ...facts.tables
      .filter((table) => table.state !== 'halted' && !isPaused(facts, topicOf(table), nameOf(table)))
      .flatMap((table) =>
        measured(
          'freshness',
          nameOf(table),
          `changes of table ${nameOf(table)} wait for ${minutes(table.laneSeconds)}`,
          gradeOf(table.laneSeconds, limit),
        ),
      ),
  ],
  aggregation_failed: ({ failed }) =>
    failed.filter((each) => each.code !== 'AUDIT_FAILED').map((each) => failure('aggregation_failed', each)),
  audit_failed: ({ failed }) =>
    failed.filter((each) => each.code === 'AUDIT_FAILED').map((each) => failure('audit_failed', each)),
  disk: ({ disks }, limit) =>
    disks.flatMap(({ name, usedPercent, freeBytes }) =>
      measured(
        'disk',
        name,
        `the disk of ${name} is ${usedPercent.toFixed(0)} % full, ${(freeBytes / 1e9).toFixed(1)} GB are free`,
        usedPercent > limit ? 'over' : usedPercent > limit - NEAR_DISK_POINTS ? 'near' : 'below',
      ),
    ),
};

/** Whether somebody paused it on purpose: all, the topic or the table, or the work that it waits for. */
function isPaused({ pauses }: LakeFacts, topic: string, table?: string): boolean {
  return pauses.some(
    ({ scope, name }) =>
      scope === 'all' ||
      (scope === 'topic' && name === topic) ||
      (scope === 'table' && name.toLowerCase() === table?.toLowerCase()) ||
      (scope === 'queue' && (name === 'stage' || (table !== undefined && name === 'merge'))),
  );
}

function topicOf({ kind }: TableFigures): string {
  return kind === 'location' ? kind : `${kind}-sql`;
}

function certain(kind: AlertKind, subject: string, text: string): Problem {
  return { kind, subject, text, grade: 'over', isPatient: false };
}

function measured(
  kind: AlertKind,
  subject: string,
  text: string,
  grade: Problem['grade'] | 'below',
): Problem[] {
  return grade === 'below' ? [] : [{ kind, subject, text, grade, isPatient: true }];
}

function gradeOf(value: number, limit: number): Problem['grade'] | 'below' {
  return value > limit ? 'over' : value > limit * NEAR_SHARE ? 'near' : 'below';
}

function failure(
  kind: 'aggregation_failed' | 'audit_failed',
  { domain, table, month, code, reason }: FailedMonth,
): Problem {
  const subject = [domain, table ?? 'schedule', month?.slice(0, 7)]
    .filter((part) => part !== undefined)
    .join(' ');
  const what = kind === 'audit_failed' ? 'an audit failed' : 'failed';
  const text = `aggregation ${subject}: ${what}: ${reason}`;
  return { kind, subject, text, grade: 'over', isPatient: code !== null && isRetried(code) };
}

function isRetried(code: string): boolean {
  const failureClass = Object.hasOwn(ERROR_CODES, code) && ERROR_CODES[code as ErrorCode].failureClass;
  return failureClass === 'transient' || failureClass === 'capacity';
}

function nameOf({ database, table }: TableFigures): string {
  return `${database}.${table}`;
}

function minutes(seconds: number): string {
  return seconds < 7200 ? `${Math.round(seconds / 60)} min` : `${(seconds / 3600).toFixed(1)} h`;
}
