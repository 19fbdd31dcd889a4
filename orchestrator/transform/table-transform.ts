import type { DomainConfig } from '../config/lake.js';
import type { Transform } from '../config/transforms.js';
import type { Extracted, RecordKind, Unreadable, Upsert } from '../types.js';
import { recordFilter } from './filter-record.js';
import { HookFailed, type Hook } from './hook.js';
import { fromHook, toHook } from './hook-record.js';
import { recordMask } from './mask-record.js';

/** What a table's transforms need beside themselves. */
export interface TransformMeans {
  /** Of masks by hash. */
  readonly hashKey: string | undefined;
  /** Loaded hooks by the path in lake.yaml. */
  readonly hooks: ReadonlyMap<string, Hook>;
}

/** One record through all steps: as it is to be written, or deleted (it is not kept), or set aside. */
export type TableTransform = (record: Upsert) => Extracted;

type Step = (record: Upsert) => Extracted;

/** The steps of a table, in the order of lake.yaml. */
export function tableTransform(
  kind: RecordKind,
  { location_levels: levels }: Pick<DomainConfig, 'location_levels'>,
  transforms: readonly Transform[],
  means: TransformMeans,
): TableTransform {
  const steps = transforms.map((transform) => stepOf(kind, levels, transform, means));
  return (record) => {
    let now = record;
    for (const step of steps) {
      const next = step(now);
      if (next.op !== 'upsert') return next;
      now = next;
    }
    return now;
  };
}

function stepOf(
  kind: RecordKind,
  levels: readonly string[],
  transform: Transform,
  { hashKey, hooks }: TransformMeans,
): Step {
  switch (transform.kind) {
    case 'mask':
      return recordMask(kind, levels, transform, hashKey);
    case 'filter': {
      const isKept = recordFilter(kind, levels, transform.keep);
      return (record) => (isKept(record) ? record : notKept(record));
    }
    case 'hook': {
      const hook = hooks.get(transform.path);
      if (hook === undefined) throw new RangeError(`the hook ${transform.path} is not loaded`);
      return (record) => hooked(record, levels, transform.path, hook);
    }
  }
}

function hooked(record: Upsert, levels: readonly string[], path: string, hook: Hook): Extracted {
  try {
    const made = fromHook(record, levels, hook(toHook(record)));
    if (made === null) return notKept(record);
    return 'problem' in made ? setAside(record, `hook ${path} ${made.problem}`, path) : made;
  } catch (thrown) {
    if (!(thrown instanceof HookFailed)) throw thrown;
    const { message, where } = thrown;
    return setAside(record, `hook ${path} failed: ${message}${lineOf(where)}`, where);
  }
}

function lineOf(where: string): string {
  const [, line] = /:(\d+)$/.exec(where) ?? [];
  return line === undefined ? '' : ` at line ${line}`;
}

/** As if HQ had deleted it: a row that stands in the lake goes. */
function notKept({ kind, domain, id }: Upsert): Extracted {
  return { op: 'delete', kind, domain, id };
}

function setAside({ kind, domain, id, type }: Upsert, reason: string, where: string): Unreadable {
  return { op: 'unreadable', kind, domain, id, type, reason, where };
}
