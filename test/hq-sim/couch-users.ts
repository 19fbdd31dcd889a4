import { LakeError } from '../../orchestrator/errors.js';
import type { Clock } from './clock.js';
import type { MobileWorker, WebUser } from './user.js';

/** HQ's users as documents in a CouchDB, its own truth. Deleting one only renames `base_doc`. */
export interface CouchUsers {
  saveWorker(domain: string, worker: Omit<MobileWorker, 'caseId'>): Promise<void>;
  saveWebUser(user: WebUser): Promise<void>;
  retire(userId: string): Promise<void>;
}

type Document = Readonly<Record<string, unknown>>;

/**
 * Creates the database where it is missing.
 * @param url `couchdb+http(s)://login:password@host:port/database`
 * @throws LakeError SERVICE_UNREACHABLE
 */
export async function openCouchUsers(url: string, clock: Clock): Promise<CouchUsers> {
  const database = new URL(url.replace(/^couchdb\+/, ''));
  const login = `${decodeURIComponent(database.username)}:${decodeURIComponent(database.password)}`;
  const authorization = `Basic ${Buffer.from(login).toString('base64')}`;
  const base = `${database.protocol}//${database.host}${database.pathname}`;
  const ask = (method: string, path: string, body?: Document): Promise<Response> =>
    fetch(`${base}${path}`, {
      method,
      headers: { authorization, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  const made = await ask('PUT', '').catch(() => undefined);
  if (made?.status !== 201 && made?.status !== 202 && made?.status !== 412)
    throw new LakeError('SERVICE_UNREACHABLE', `CouchDB does not answer as it should at ${database.host}`);

  /** Keeps what HQ's own code left in the document. */
  const save = async (userId: string, changes: Document): Promise<void> => {
    const path = `/${encodeURIComponent(userId)}`;
    const found = await ask('GET', path);
    const before = (found.status === 200 ? await found.json() : { created_on: clock.next() }) as Document;
    const saved = await ask('PUT', path, { ...before, ...changes, last_modified: clock.next() });
    if (saved.status !== 201) throw new LakeError('INTERNAL', `CouchDB answers ${saved.status} to a user`);
  };
  return {
    saveWorker: (domain, { userId, username, locationId, data }) =>
      save(userId, {
        base_doc: 'CouchUser',
        doc_type: 'CommCareUser',
        domain,
        username: `${username}@${domain}.commcarehq.org`,
        ...assigned(locationId),
        domain_membership: { doc_type: 'DomainMembership', domain, ...assigned(locationId) },
        user_data: data ?? {},
        is_active: true,
      }),
    saveWebUser: ({ userId, username, places }) =>
      save(userId, {
        base_doc: 'CouchUser',
        doc_type: 'WebUser',
        username,
        domains: Object.keys(places),
        domain_memberships: Object.entries(places).map(([domain, locationId]) => ({
          doc_type: 'DomainMembership',
          domain,
          ...assigned(locationId),
        })),
        is_active: true,
      }),
    retire: (userId) => save(userId, { base_doc: 'CouchUser-Deleted' }),
  };
}

function assigned(locationId: string | null): Document {
  return { location_id: locationId, assigned_location_ids: locationId === null ? [] : [locationId] };
}
