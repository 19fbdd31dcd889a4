import type { FailureClass } from '../errors.js';
import { asArray, asObject } from '../shape/shape.js';
import type { Storage } from '../storage/storage.js';
import { resultPath } from '../submit/run-files.js';
import type { JsonObject } from '../types.js';

/** Why a lane's statement failed, as the driver's result file tells; never with record content. */
export interface LaneFailure {
  readonly failureClass: FailureClass;
  /** Attempts of the lane, this one counted, after which its table halts for a person to look. */
  readonly mostAttempts: number;
  readonly reason: string;
}

/** A cause that should pass and does not in so many attempts is not passing. */
export const MOST_ATTEMPTS = 10;
/** What nobody foresaw may be the fault of one driver (the runner ends a warm one then): others get a try. */
const ATTEMPTS_UNFORESEEN = 3;

/** Errors of two writers meeting: the loser tries again from the newest version. */
const TRANSIENT = [
  /^DELTA_CONCURRENT/,
  /^DELTA_METADATA_CHANGED/,
  /^DELTA_PROTOCOL_CHANGED/,
  /^FIELD_ALREADY_EXISTS/,
];
const TRANSIENT_EXCEPTIONS = [/Concurrent\w*Exception$/, /MetadataChangedException$/];
/** Innermost exceptions of a disk, a network, an object store or the warehouse that is away. */
const OUTAGE =
  /^javax?\.(io|net|nio)\.(?!URISyntax)|^org\.postgresql\.|^org\.apache\.(hadoop\.(fs|net)|http)\.|amazon|\bAWS\w+Exception/;
const CAPACITY_EXCEPTIONS = [/OutOfMemoryError\b/, /DiskErrorException\b/, /No space left/];

/** Failures of the run's lanes by lane id; empty when the driver left no result (it was killed). */
export async function readFailures(
  storage: Storage,
  runPath: string,
): Promise<ReadonlyMap<string, LaneFailure>> {
  const failures = new Map<string, LaneFailure>();
  for (const [lane, { failure }] of await readLaneResults(storage, runPath))
    if (failure !== undefined) failures.set(lane, failure);
  return failures;
}

/** What one lane's statements answered, and why one of them failed. */
export interface LaneOutcome {
  /** The first row of each statement that had any, by column; null values stay null. */
  readonly rows: readonly Readonly<Record<string, string | null>>[];
  readonly failure?: LaneFailure;
}

/** By lane id; empty when the driver left no result (it was killed). */
export async function readLaneResults(
  storage: Storage,
  runPath: string,
): Promise<ReadonlyMap<string, LaneOutcome>> {
  const bytes = await storage.read(resultPath(runPath));
  if (bytes === undefined) return new Map();
  const result = JSON.parse(new TextDecoder().decode(bytes)) as JsonObject;
  const lanes = asArray(result['lanes']).map(asObject);
  return new Map(lanes.map((lane) => [textOf(lane['lane']), outcomeOf(lane)]));
}

function outcomeOf(lane: JsonObject): LaneOutcome {
  const statements = asArray(lane['statements']).map(asObject);
  const rows = statements
    .map((statement) => statement['row'])
    .filter((row) => typeof row === 'object' && row !== null)
    .map((row) => row as Record<string, string | null>);
  const failed = statements.find(({ error }) => typeof error === 'object' && error !== null);
  if (failed === undefined) return { rows };
  return { rows, failure: classify(Number(failed['index']), asObject(failed['error'])) };
}

function classify(index: number, error: JsonObject): LaneFailure {
  const errorClass = textOf(error['class']);
  const exception = textOf(error['exception']);
  const root = textOf(error['root']);
  const what = [errorClass, exception, textOf(error['message'])].filter((part) => part !== '').join(': ');
  const reason = `statement ${index} failed: ${what}${root.startsWith(exception) ? '' : ` (${root})`}`;
  if (CAPACITY_EXCEPTIONS.some((pattern) => pattern.test(`${what} ${root}`)))
    return { failureClass: 'capacity', mostAttempts: MOST_ATTEMPTS, reason };
  const transient =
    TRANSIENT.some((pattern) => pattern.test(errorClass)) ||
    TRANSIENT_EXCEPTIONS.some((pattern) => pattern.test(exception)) ||
    OUTAGE.test(root);
  if (transient) return { failureClass: 'transient', mostAttempts: MOST_ATTEMPTS, reason };
  const foreseen = errorClass !== '' && !errorClass.startsWith('INTERNAL_ERROR');
  return { failureClass: 'bug', mostAttempts: foreseen ? 1 : ATTEMPTS_UNFORESEEN, reason };
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : typeof value === 'number' ? String(value) : '';
}
