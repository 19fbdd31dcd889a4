import { levelColumns } from '../shape/fixed-columns.js';
import type { Hq } from './stores.js';
import { LINEAGE_CTE } from './lineage.js';
import type { ExtractRequest } from './request.js';
import { provableTime } from './shards.js';
import type { UserLook } from './users/user-locations.js';

/** Who may lend a record its place: the case's owner, and the users to try in order. */
export interface Claimants {
  /** A case's owner_id, which may be a location; null for forms. */
  readonly owner: string | null;
  readonly users: readonly (string | null)[];
}

export type PlaceColumns = Readonly<Record<string, string | null>>;
export type PlaceOf = (claimants: Claimants) => PlaceColumns;

/** A location of the domain: its own id and, by level code, the ids of it and its ancestors. */
type Lineage = ReadonlyMap<string, string>;

interface LineageRow {
  readonly leaf: string;
  readonly location_id: string;
  readonly code: string | null;
}

/** Beyond this many remembered users or locations the memory starts anew. */
const MAX_REMEMBERED = 200_000;

const PLACE_SQL = `${LINEAGE_CTE}
  SELECT l.location_id AS leaf, a.location_id, t.code
  FROM u JOIN locations_sqllocation l ON l.id = u.leaf
    JOIN locations_sqllocation a ON a.id = u.id
    JOIN locations_locationtype t ON t.id = a.location_type_id
  ORDER BY u.leaf, u.up DESC`;

/**
 * The location columns of forms and cases. A record's place is looked for in the order of `record_location`:
 * - `owner`: a case's owner_id, if it is the id of a location of the domain;
 * - `user`: the place of the user: a form's submitter; for a case its owner_id as a user, then the user who last
 *   modified it. Only a place that exists in the domain counts; else the next claimant is asked.
 * Users and locations are remembered for one extract call, so that it reads each once; like the records themselves
 * they are read as new as the newest message, or a record of a new centre would stand without its place.
 */
export class Places {
  readonly #hq: Hq;
  readonly #request: ExtractRequest;
  readonly #columns: readonly (readonly [level: string, column: string])[];
  readonly #look: UserLook;
  readonly #users = new Map<string, string | null>();
  readonly #lineages = new Map<string, Lineage | null>();

  constructor(hq: Hq, request: ExtractRequest) {
    this.#hq = hq;
    this.#request = request;
    this.#look = hq.users.look(request.domain, request);
    const { location_levels: levels } = request.domainConfig;
    this.#columns = [...levelColumns(request.kind, levels)].map(([level, columns]) => [
      level,
      columns.get('_id')?.name ?? `${level}_id`,
    ]);
  }

  /** Reads what the records of one chunk need, at most two queries, then answers for them without reading. */
  async load(claimants: readonly Claimants[]): Promise<PlaceOf> {
    const order = this.#request.domainConfig.record_location;
    const users = await this.#loadUsers(
      order.includes('user') ? filled(claimants.flatMap((claimant) => claimant.users)) : new Set(),
    );
    const owners = order.includes('owner') ? filled(claimants.map(({ owner }) => owner)) : new Set<string>();
    const lineages = await this.#loadLineages(filled([...owners, ...users.values()]));
    return (claimant) => this.#columnsOf(this.#placeOf(claimant, users, lineages), lineages);
  }

  #placeOf(
    { owner, users }: Claimants,
    placeOfUser: ReadonlyMap<string, string | null>,
    lineages: ReadonlyMap<string, Lineage | null>,
  ): string | null {
    for (const source of this.#request.domainConfig.record_location) {
      const candidates =
        source === 'owner' ? [owner] : users.map((user) => placeOfUser.get(user ?? '') ?? null);
      const found = candidates.find(
        (candidate) => candidate !== null && (lineages.get(candidate) ?? null) !== null,
      );
      if (found !== undefined) return found;
    }
    return null;
  }

  #columnsOf(place: string | null, lineages: ReadonlyMap<string, Lineage | null>): PlaceColumns {
    const lineage = place === null ? undefined : lineages.get(place);
    const columns: Record<string, string | null> = { location_id: place };
    for (const [level, column] of this.#columns) columns[column] = lineage?.get(level) ?? null;
    return columns;
  }

  async #loadUsers(ids: ReadonlySet<string>): Promise<ReadonlyMap<string, string | null>> {
    return this.#remembered(this.#users, ids, (unknown) => this.#look.locationsOf(unknown));
  }

  async #loadLineages(ids: ReadonlySet<string>): Promise<ReadonlyMap<string, Lineage | null>> {
    const { domain, newestPublishTimestamp, signal } = this.#request;
    return this.#remembered(this.#lineages, ids, async (unknown) => {
      const query = { text: PLACE_SQL, values: [domain, unknown] };
      const newest = provableTime(newestPublishTimestamp);
      const rows = await this.#hq.main.readSettled<LineageRow>(query, newest, signal);
      const found = new Map<string, Map<string, string>>();
      for (const { leaf, location_id: id, code } of rows) {
        const lineage = found.get(leaf) ?? new Map<string, string>();
        // From the top down: where a level occurs twice, the nearer one stands.
        if (code !== null) lineage.set(code, id);
        found.set(leaf, lineage);
      }
      return found;
    });
  }

  /** The wanted part of a memory, after reading what it lacks; null remembers that there is nothing. */
  async #remembered<Value>(
    memory: Map<string, Value | null>,
    ids: ReadonlySet<string>,
    read: (unknown: readonly string[]) => Promise<ReadonlyMap<string, Value>>,
  ): Promise<ReadonlyMap<string, Value | null>> {
    const wanted = new Map<string, Value | null>();
    const unknown: string[] = [];
    for (const id of ids) {
      const known = memory.get(id);
      if (known === undefined) unknown.push(id);
      else wanted.set(id, known);
    }
    const found = unknown.length === 0 ? new Map<string, Value>() : await read(unknown);
    if (memory.size > MAX_REMEMBERED) memory.clear();
    for (const id of unknown) {
      const value = found.get(id) ?? null;
      memory.set(id, value);
      wanted.set(id, value);
    }
    return wanted;
  }
}

/** Ids worth asking for: '' and '-' mean "nobody" in HQ. */
function filled(ids: Iterable<string | null>): ReadonlySet<string> {
  const wanted = new Set<string>();
  for (const id of ids) if (id !== null && id !== '' && id !== '-') wanted.add(id);
  return wanted;
}
