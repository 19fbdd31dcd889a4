import { createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto';

/** Secrets of tokens and sessions. Both are 32 random bytes; the ledger keeps their SHA-256 (0012_access.sql says why). */
const TOKEN_PREFIX = 'dl_';
const RANDOM_BYTES = 32;

/** `dl_` and 43 characters: the prefix lets scanners of repositories find one that was left lying about. */
export function newTokenSecret(): string {
  return TOKEN_PREFIX + randomBytes(RANDOM_BYTES).toString('base64url');
}

export function newSessionSecret(): string {
  return randomBytes(RANDOM_BYTES).toString('base64url');
}

export function isTokenSecret(text: string): boolean {
  return /^dl_[A-Za-z0-9_-]{43}$/.test(text);
}

export function isSessionSecret(text: string): boolean {
  return /^[A-Za-z0-9_-]{43}$/.test(text);
}

export function sha256(secret: string): Buffer {
  return createHash('sha256').update(secret).digest();
}

/** The CSRF token of a session follows from its secret, which scripts of other sites can't read. */
export function csrfOf(sessionSecret: string): string {
  return createHmac('sha256', sessionSecret).update('csrf').digest('base64url');
}

export function isCsrfOf(sessionSecret: string, given: string): boolean {
  const [right, other] = [Buffer.from(csrfOf(sessionSecret)), Buffer.from(given)];
  return right.length === other.length && timingSafeEqual(right, other);
}
