import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { newTokenSecret, sha256 } from '../../orchestrator/api/access/secrets.js';
import { LakeError } from '../../orchestrator/errors.js';
import { addToken, whoHasToken } from '../../orchestrator/ledger/api-tokens.js';
import type { Queryable } from '../../orchestrator/ledger/database.js';

/**
 * One token of the demo's admin, kept beside its stack in a file for its owner alone: the ledger has its hash only. Made
 * anew when it was revoked, or the ledger is another one.
 */
export async function adminToken(database: Queryable, dir: string): Promise<string> {
  const file = join(dir, 'admin-token');
  const kept = existsSync(file) ? readFileSync(file, 'utf8').trim() : '';
  if ((await whoHasToken(database, sha256(kept)))?.role === 'admin') return kept;
  const secret = newTokenSecret();
  // Names are used once.
  const name = `demo-${randomBytes(3).toString('hex')}`;
  const made = await addToken(database, {
    ...{ name, role: 'admin', days: undefined, by: 'demo' },
    sha256: sha256(secret),
  });
  if (made === undefined) throw new LakeError('INTERNAL', `There is a token ${name} already`);
  writeFileSync(file, `${secret}\n`, { mode: 0o600 });
  return secret;
}
