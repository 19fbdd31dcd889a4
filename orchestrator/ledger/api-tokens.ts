import type { Queryable } from './database.js';
import { iso } from './moment.js';

/** Tokens of the API and the sessions made with them (migrations/0012_access.sql). Secrets come as their SHA-256. */
export type TokenRole = 'viewer' | 'operator' | 'admin';

/** Times are ISO 8601 in UTC. */
export interface TokenFacts {
  readonly name: string;
  readonly role: TokenRole;
  readonly createdAt: string;
  readonly lastUsedAt: string | null;
  readonly expiresAt: string | null;
  readonly revokedAt: string | null;
}

const TOKEN = `name, role, ${iso('created_at')} AS "createdAt", ${iso('last_used_at')} AS "lastUsedAt",
  ${iso('expires_at')} AS "expiresAt", ${iso('revoked_at')} AS "revokedAt"`;
const LIVES = '(t.revoked_at IS NULL AND (t.expires_at IS NULL OR t.expires_at > now()))';
/** A look is noted once a minute: reads must not cost a write each. */
const NOTED = "interval '1 minute'";

/** @returns undefined when there is, or was, a token of this name */
export async function addToken(
  database: Queryable,
  token: { name: string; role: TokenRole; sha256: Buffer; by: string; days: number | undefined },
): Promise<TokenFacts | undefined> {
  const [row] = await database.query<TokenFacts & Record<string, unknown>>(
    `INSERT INTO api_token (name, role, secret_sha256, created_by, expires_at)
     VALUES ($1, $2, $3, $4, now() + make_interval(days => $5)) ON CONFLICT (name) DO NOTHING RETURNING ${TOKEN}`,
    [token.name, token.role, token.sha256, token.by, token.days ?? null],
  );
  return row;
}

/** All that ever were, those that live first. */
export async function listTokens(database: Queryable, limit: number): Promise<TokenFacts[]> {
  return database.query(
    `SELECT ${TOKEN} FROM api_token t ORDER BY ${LIVES} DESC, t.created_at DESC, t.name LIMIT $1`,
    [limit],
  );
}

/** Ends the token and its sessions. @returns undefined when no token of the name lives */
export async function revokeToken(database: Queryable, name: string): Promise<TokenFacts | undefined> {
  const [row] = await database.query<TokenFacts & Record<string, unknown>>(
    `UPDATE api_token SET revoked_at = now() WHERE name = $1 AND revoked_at IS NULL RETURNING ${TOKEN}`,
    [name],
  );
  if (row !== undefined) await database.query('DELETE FROM api_session WHERE token_name = $1', [name]);
  return row;
}

/** Who a secret speaks for. */
export interface Known {
  readonly name: string;
  readonly role: TokenRole;
}

/** @returns undefined when no token that lives has the secret */
export async function whoHasToken(database: Queryable, sha256: Buffer): Promise<Known | undefined> {
  const [row] = await database.query<Known & { isStale: boolean }>(
    `SELECT t.name, t.role, (t.last_used_at IS NULL OR t.last_used_at < now() - ${NOTED}) AS "isStale"
     FROM api_token t WHERE t.secret_sha256 = $1 AND ${LIVES}`,
    [sha256],
  );
  if (row === undefined) return undefined;
  if (row.isStale)
    await database.query('UPDATE api_token SET last_used_at = now() WHERE name = $1', [row.name]);
  return { name: row.name, role: row.role };
}

/** How long sessions last. */
export interface SessionTimes {
  readonly idleSeconds: number;
  readonly mostSeconds: number;
}

/** Sessions that are over are cleared away by the next login. */
export async function addSession(
  database: Queryable,
  sha256: Buffer,
  tokenName: string,
  times: SessionTimes,
): Promise<void> {
  await database.query(
    `DELETE FROM api_session WHERE expires_at < now() OR seen_at < now() - make_interval(secs => $1)`,
    [times.idleSeconds],
  );
  await database.query(
    `INSERT INTO api_session (secret_sha256, token_name, expires_at) VALUES ($1, $2, now() + make_interval(secs => $3))`,
    [sha256, tokenName, times.mostSeconds],
  );
}

/**
 * @param isUse false: only look whether it lives, as an open stream of events does; it then ends when nothing else uses it
 * @returns undefined when the session, or its token, has ended
 */
export async function whoHasSession(
  database: Queryable,
  sha256: Buffer,
  { idleSeconds }: SessionTimes,
  isUse = true,
): Promise<Known | undefined> {
  const [row] = await database.query<Known & { isStale: boolean }>(
    `SELECT t.name, t.role, (s.seen_at < now() - ${NOTED}) AS "isStale"
     FROM api_session s JOIN api_token t ON t.name = s.token_name
     WHERE s.secret_sha256 = $1 AND ${LIVES} AND s.expires_at > now() AND s.seen_at > now() - make_interval(secs => $2)`,
    [sha256, idleSeconds],
  );
  if (row === undefined) return undefined;
  if (row.isStale && isUse) {
    await database.query('UPDATE api_session SET seen_at = now() WHERE secret_sha256 = $1', [sha256]);
    await database.query('UPDATE api_token SET last_used_at = now() WHERE name = $1', [row.name]);
  }
  return { name: row.name, role: row.role };
}

export async function endSession(database: Queryable, sha256: Buffer): Promise<void> {
  await database.query('DELETE FROM api_session WHERE secret_sha256 = $1', [sha256]);
}
