/** What CouchDB answers, checked at the edge: anything may stand behind a URL. */

/** Opaque: a number, a text or a list, by CouchDB's age. */
export type Sequence = string | number | readonly unknown[];

export interface DatabaseFacts {
  readonly documents: number;
  readonly sequence: Sequence;
}

/** A document by id; both null when there never was one, `document` null when it is deleted. */
export interface FoundDocument {
  readonly id: string;
  readonly revision: string | null;
  readonly document: Readonly<Record<string, unknown>> | null;
}

export interface Changes {
  readonly changed: readonly { readonly id: string; readonly revision: string }[];
  readonly last: Sequence;
}

/** The answer is not what CouchDB would say. */
export class NotCouch extends Error {
  constructor(what: string) {
    super(`it answers, but not as a CouchDB: ${what}`);
  }
}

export function databaseFactsIn(answer: unknown): DatabaseFacts {
  const facts = recordIn(answer, 'the database');
  const documents = typeof facts['doc_count'] === 'number' ? facts['doc_count'] : undefined;
  if (documents === undefined) throw new NotCouch('the database has no doc_count');
  return { documents, sequence: sequenceIn(facts['update_seq'], 'update_seq') };
}

/** @param ids what was asked for: each must be answered */
export function documentsIn(answer: unknown, ids: readonly string[]): readonly FoundDocument[] {
  const rows = listIn(recordIn(answer, '_all_docs')['rows'], 'rows').map((each): FoundDocument => {
    const row = recordIn(each, 'a row');
    const id = row['key'];
    if (typeof id !== 'string') throw new NotCouch('a row without its key');
    if (row['error'] === 'not_found') return { id, revision: null, document: null };
    const revision = recordIn(row['value'], 'the value of a row')['rev'];
    if (typeof revision !== 'string') throw new NotCouch('a document without a revision');
    return { id, revision, document: isRecord(row['doc']) ? row['doc'] : null };
  });
  const answered = new Set(rows.map(({ id }) => id));
  if (ids.some((id) => !answered.has(id))) throw new NotCouch('a document asked for is not answered');
  return rows;
}

export function changesIn(answer: unknown): Changes {
  const changes = recordIn(answer, '_changes');
  const changed = listIn(changes['results'], 'results').map((each) => {
    const { id, changes: revisions } = recordIn(each, 'a change');
    const [newest] = listIn(revisions, 'the revisions of a change');
    const revision = recordIn(newest, 'a revision')['rev'];
    if (typeof id !== 'string' || typeof revision !== 'string') throw new NotCouch('a change without its id');
    return { id, revision };
  });
  return { changed, last: sequenceIn(changes['last_seq'], 'last_seq') };
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function recordIn(value: unknown, what: string): Readonly<Record<string, unknown>> {
  if (!isRecord(value)) throw new NotCouch(`${what} is no object`);
  return value;
}

function listIn(value: unknown, what: string): readonly unknown[] {
  if (!Array.isArray(value)) throw new NotCouch(`${what} is no list`);
  return value as readonly unknown[];
}

function sequenceIn(value: unknown, what: string): Sequence {
  if (typeof value === 'string' || typeof value === 'number') return value;
  return listIn(value, what);
}
