import { asLakeError, LakeError, type ErrorCode } from '../errors.js';
import type { Model } from './model.js';
import type { Month } from './months.js';
import type { MonthNode } from './plan-months.js';

/** Computes one month of one model: the engine's part. Throws when it could not; what was published before stays. */
export type RunOne = (
  model: Model,
  domain: string,
  month: Month | null,
  signal: AbortSignal,
) => Promise<void>;

export interface NodeResult {
  readonly node: MonthNode;
  /** `skipped`: what it needs failed. `stopped`: not begun, because the work was to end. */
  readonly outcome: 'done' | 'failed' | 'skipped' | 'stopped';
  readonly code: ErrorCode | null;
  readonly reason: string | null;
  /** Whether trying again may help. */
  readonly retryable: boolean;
}

export interface GraphRun {
  readonly domain: string;
  readonly models: ReadonlyMap<string, Model>;
  /** How many run at once. */
  readonly parallelism: number;
  readonly runOne: RunOne;
  readonly signal: AbortSignal;
  /** Called with each result as it comes, one after another. */
  settled?(result: NodeResult): Promise<void>;
}

/**
 * Runs a plan: each node as soon as those before it are done, up to so many at once. A node that fails fails what needs it,
 * with the reason; the others go on. After the signal nothing new is begun.
 * @returns a result for every node, in the plan's order
 * @throws whatever `settled` threw first, after all nodes have settled
 */
export async function runGraph(nodes: readonly MonthNode[], run: GraphRun): Promise<NodeResult[]> {
  const results = new Map<string, NodeResult>();
  const waiting = [...nodes];
  const keys = new Set(nodes.map((node) => node.key));
  const running = new Map<string, Promise<void>>();
  const untold: unknown[] = [];
  const settle = async (result: NodeResult): Promise<void> => {
    results.set(result.node.key, result);
    await run.settled?.(result).catch((thrown: unknown) => untold.push(thrown));
  };
  for (;;) {
    const next = waiting.findIndex((node) => isReady(node, keys, results));
    const node = waiting[next];
    if (node === undefined) {
      if (running.size === 0) break;
      await Promise.race(running.values());
      continue;
    }
    const without = heldUp(node, results, run.signal);
    if (without !== undefined) {
      waiting.splice(next, 1);
      await settle(without);
      continue;
    }
    if (running.size >= Math.max(1, run.parallelism)) {
      await Promise.race(running.values());
      continue;
    }
    waiting.splice(next, 1);
    const work = runNode(node, run).then(settle);
    running.set(
      node.key,
      work.finally(() => running.delete(node.key)),
    );
  }
  // What could not be told (a ledger that was away) is a failure of the whole; the work itself stands.
  if (untold.length > 0) throw untold[0];
  return nodes.flatMap((node) => results.get(node.key) ?? []);
}

function isReady(
  node: MonthNode,
  keys: ReadonlySet<string>,
  results: ReadonlyMap<string, NodeResult>,
): boolean {
  return node.after.every((key) => results.has(key) || !keys.has(key));
}

/** @returns the result of a node that can't run */
function heldUp(
  node: MonthNode,
  results: ReadonlyMap<string, NodeResult>,
  signal: AbortSignal,
): NodeResult | undefined {
  const before = node.after.map((key) => results.get(key)).filter((result) => result !== undefined);
  const failed = before.find((result) => result.outcome === 'failed' || result.outcome === 'skipped');
  if (failed !== undefined) {
    const reason = failed.outcome === 'failed' ? `${failed.node.key} failed` : (failed.reason ?? '');
    return { node, outcome: 'skipped', code: failed.code, reason, retryable: failed.retryable };
  }
  if (!signal.aborted) return undefined;
  return { node, outcome: 'stopped', code: null, reason: 'stopped before it was begun', retryable: true };
}

async function runNode(node: MonthNode, run: GraphRun): Promise<NodeResult> {
  try {
    const model = run.models.get(node.table);
    if (model === undefined) throw new LakeError('INTERNAL', `no model makes ${node.table}`);
    await run.runOne(model, run.domain, node.month, run.signal);
    return { node, outcome: 'done', code: null, reason: null, retryable: false };
  } catch (thrown) {
    const { code, message, retryable } = asLakeError(thrown);
    // What was ended on the way by the signal has not failed by itself.
    const outcome = run.signal.aborted && (retryable || isAbort(thrown)) ? 'stopped' : 'failed';
    return { node, outcome, code, reason: `${code}: ${message}`, retryable };
  }
}

function isAbort(thrown: unknown): boolean {
  return thrown instanceof Error && thrown.name === 'AbortError';
}
