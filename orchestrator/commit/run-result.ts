import type { FailureClass } from '../errors.js';
import { asArray, asObject } from '../shape/shape.js';
import type { Storage } from '../storage/storage.js';
import { resultPath } from '../submit/run-files.js';
import type { JsonObject } from '../types.js';

/** Why a lane's statement failed, as the driver's result file tells; never with record content. */
export interface LaneFailure {
  readonly failureClass: FailureClass;
  readonly reason: string;
}

/** Errors of two writers meeting: the loser tries again from the newest version. */
const TRANSIENT = [
  /^DELTA_CONCURRENT/,
  /^DELTA_METADATA_CHANGED/,
  /^DELTA_PROTOCOL_CHANGED/,
  /^FIELD_ALREADY_EXISTS/,
];
const TRANSIENT_EXCEPTIONS = [/Concurrent\w*Exception$/, /MetadataChangedException$/];
/**
 * Storage that does not answer, or refuses: a network, an S3 store or its keys that someone mends meanwhile. The
 * driver has tried for minutes by then; only a table that fails so again and again is halted.
 */
const STORAGE_EXCEPTIONS = [
  /^java\.net\.(Connect|Socket|SocketTimeout|UnknownHost|NoRouteToHost)Exception$/,
  /^java\.nio\.file\.AccessDeniedException$/,
  /^java\.io\.InterruptedIOException$/,
  /^javax\.net\.ssl\./,
  /^org\.apache\.hadoop\.(fs\.s3a|net)\./,
  /^org\.apache\.http\./,
  /^software\.amazon\.awssdk\./,
];
const CAPACITY_EXCEPTIONS = [/OutOfMemoryError$/, /DiskErrorException$/, /No space left/];

/** Failures of the run's lanes by lane id; empty when the driver left no result (it was killed). */
export async function readFailures(
  storage: Storage,
  runPath: string,
): Promise<ReadonlyMap<string, LaneFailure>> {
  const bytes = await storage.read(resultPath(runPath));
  const failures = new Map<string, LaneFailure>();
  if (bytes === undefined) return failures;
  const result = JSON.parse(new TextDecoder().decode(bytes)) as JsonObject;
  for (const lane of asArray(result['lanes']).map(asObject)) {
    const failed = asArray(lane['statements'])
      .map(asObject)
      .find((statement) => typeof statement['error'] === 'object' && statement['error'] !== null);
    if (failed === undefined) continue;
    failures.set(textOf(lane['lane']), classify(Number(failed['index']), asObject(failed['error'])));
  }
  return failures;
}

function classify(index: number, error: JsonObject): LaneFailure {
  const errorClass = textOf(error['class']);
  const exception = textOf(error['exception']);
  const cause = textOf(error['cause']);
  const what = [errorClass, exception, ...(cause === exception ? [] : [cause]), textOf(error['message'])]
    .filter((part) => part !== '')
    .join(': ');
  const reason = `statement ${index} failed: ${what}`;
  if (CAPACITY_EXCEPTIONS.some((pattern) => pattern.test(what))) return { failureClass: 'capacity', reason };
  const transient =
    TRANSIENT.some((pattern) => pattern.test(errorClass)) ||
    TRANSIENT_EXCEPTIONS.some((pattern) => pattern.test(exception)) ||
    STORAGE_EXCEPTIONS.some((pattern) => pattern.test(exception) || pattern.test(cause));
  return { failureClass: transient ? 'transient' : 'bug', reason };
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : typeof value === 'number' ? String(value) : '';
}
