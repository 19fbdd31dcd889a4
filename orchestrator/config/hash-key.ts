import { createHmac } from 'node:crypto';
import { LakeError } from '../errors.js';
import type { LakeConfig } from './lake.js';

interface WithHashKey {
  readonly TRANSFORM_HASH_KEY?: string | undefined;
}

/** Tables that mask by hash, as `domain > table`. */
function hashedTables(config: LakeConfig): string[] {
  return Object.entries(config.domains).flatMap(([domain, { tables }]) =>
    Object.entries(tables)
      .filter(([, { transforms }]) => transforms.some((step) => step.kind === 'mask' && step.with === 'hash'))
      .map(([table]) => `${domain} > ${table}`),
  );
}

/** @throws LakeError CONFIG_INVALID when lake.yaml masks by hash and there is no key for it */
export function requireHashKey(environment: WithHashKey, config: LakeConfig): void {
  const [first] = hashedTables(config);
  if (first === undefined || environment.TRANSFORM_HASH_KEY !== undefined) return;
  const fault = `TRANSFORM_HASH_KEY: is not set, and lake.yaml masks by hash (${first})`;
  throw new LakeError('CONFIG_INVALID', `The environment has 1 fault:\n  ${fault}`, {
    facts: { faults: [fault] },
    mend: 'Set it to 32 random characters or more, the same in every process; keep it, a new one makes new hashes.',
  });
}

/**
 * What tells two keys apart without telling the key: kept in the ledger with the configuration, so that no process
 * with another key plans or stages. Null when nothing is hashed: then the key makes no difference.
 */
export function hashKeyCheck(environment: WithHashKey, config: LakeConfig): string | null {
  const { TRANSFORM_HASH_KEY: key } = environment;
  if (key === undefined || hashedTables(config).length === 0) return null;
  return createHmac('sha256', key).update('dimagi-lake: which key is this?').digest('hex').slice(0, 16);
}
