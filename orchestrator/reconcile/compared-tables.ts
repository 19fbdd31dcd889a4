import { readTableState } from '../commit/delta-log.js';
import { didYouMean } from '../config/did-you-mean.js';
import { domainOf, friendlyName, isKept, isListed } from '../config/lake.js';
import { LakeError } from '../errors.js';
import { allTables } from '../ledger/tables.js';
import { tableName } from '../plan/table-names.js';
import { KIND_OF_TOPIC, TOPICS, type RecordKind } from '../types.js';
import type { ReconcileAsk, ReconcileParts } from './parts.js';

/** A table that is compared. */
export interface ComparedTable {
  readonly name: string;
  readonly kind: RecordKind;
  readonly type: string;
  /** Null: no record of the type has come yet. */
  readonly id: bigint | null;
  /** Relative to HQ_DATA_PATH. */
  readonly path: string | null;
}

/** A table at the version that is looked at. */
export interface PinnedTable {
  readonly table: ComparedTable;
  readonly version: bigint;
}

/** How a type's table will be called. @param isTaken of names in lower case */
type NameOf = (kind: RecordKind, type: string, isTaken: (name: string) => boolean) => string;

/** The kinds and types of HQ that are compared, and the tables they have. */
export class ComparedTables {
  /** Null types: all of the kind. */
  readonly targets: readonly { readonly kind: RecordKind; readonly types: readonly string[] | null }[];
  readonly #byType = new Map<string, ComparedTable>();
  readonly #nameOf: NameOf;

  constructor(targets: ComparedTables['targets'], known: readonly ComparedTable[], nameOf: NameOf) {
    this.targets = targets;
    this.#nameOf = nameOf;
    for (const table of known) this.#byType.set(key(table.kind, table.type), table);
  }

  /** The table of HQ's records of a type; one that the lake has not yet gets the name it is to have. */
  of(kind: RecordKind, type: string): ComparedTable {
    const known = this.#byType.get(key(kind, type));
    if (known !== undefined) return known;
    const taken = new Set([...this.#byType.values()].map(({ name }) => name.toLowerCase()));
    const table = {
      name: this.#nameOf(kind, type, (name) => taken.has(name)),
      kind,
      type,
      id: null,
      path: null,
    };
    this.#byType.set(key(kind, type), table);
    return table;
  }

  /** Those seen so far, by name. */
  all(): readonly ComparedTable[] {
    return [...this.#byType.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
  }
}

function key(kind: RecordKind, type: string): string {
  return `${kind} ${type}`;
}

/**
 * What lake.yaml keeps of the domain, or the tables asked for. What it keeps no more is left as it stands, and not looked at.
 * @throws LakeError SCOPE_INVALID
 */
export async function comparedTables(
  { database, config }: Pick<ReconcileParts, 'database' | 'config'>,
  { domain, tables: names }: Pick<ReconcileAsk, 'domain' | 'tables'>,
): Promise<ComparedTables> {
  const own = domainOf(config, domain);
  if (own === undefined) {
    const domains = Object.keys(config.domains);
    throw invalid(`lake.yaml has no domain "${domain}"; its domains are ${domains.join(', ')}`);
  }
  const known = (await allTables(database))
    .filter((table) => table.domain === domain && isListed(config, domain, table.kind, table.type))
    .map(({ id, kind, type, tableName: name, path }) => ({ id, kind, type, name, path }));
  const nameOf: NameOf = (kind, type, isTaken) =>
    tableName(kind, type, friendlyName(config, domain, kind, type), isTaken);
  if (names.length > 0) {
    const asked = names.map((name) => found(name, known));
    const kinds = [...new Set(asked.map(({ kind }) => kind))];
    const targets = kinds.map((kind) => ({
      kind,
      types: asked.filter((table) => table.kind === kind).map(({ type }) => type),
    }));
    return new ComparedTables(targets, asked, nameOf);
  }
  const kinds = TOPICS.map((topic) => KIND_OF_TOPIC[topic]).filter((kind) => isKept(config, domain, kind));
  const targets = kinds.map((kind) => {
    if (kind === 'location') return { kind, types: null };
    const types = Object.keys(kind === 'case' ? own.cases : own.forms);
    return { kind, types: types.includes('*') ? null : types };
  });
  return new ComparedTables(targets, known, nameOf);
}

/** The tables as the lake has them now; those that were never written are left out. @throws LakeError DELTA_LOG_UNREADABLE */
export async function pinTables(
  { lake, appId }: Pick<ReconcileParts, 'lake' | 'appId'>,
  tables: readonly ComparedTable[],
): Promise<PinnedTable[]> {
  const pinned: PinnedTable[] = [];
  for (const table of tables) {
    const state = table.path === null ? undefined : await readTableState(lake, table.path, appId);
    if (state !== undefined) pinned.push({ table, version: state.version });
  }
  return pinned;
}

function found(name: string, known: readonly ComparedTable[]): ComparedTable {
  const table = known.find((each) => each.name.toLowerCase() === name.toLowerCase());
  if (table !== undefined) return table;
  const names = known.map((each) => each.name);
  const near = didYouMean(name, names);
  throw invalid(
    `There is no table "${name}" that lake.yaml keeps; ${near === undefined ? '' : `did you mean ${near}? `}known are ${names.join(', ')}`,
  );
}

function invalid(message: string): LakeError {
  return new LakeError('SCOPE_INVALID', message, {
    mend: '`dimagi-lake tables` lists the tables, lake.yaml the domains; `dimagi-lake reconcile --help` has examples.',
  });
}
