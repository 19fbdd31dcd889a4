import type { LakeConfig } from '../config/lake.js';
import { LakeError } from '../errors.js';
import type { LedgerDatabase } from './database.js';
import { activateConfig, activeConfigVersion, isSame, readConfigVersion, type StoredConfig } from './lake.js';

/** What this process brings to the versions. */
export interface OwnConfig {
  parse(version: Pick<StoredConfig, 'text' | 'hooks'>): LakeConfig;
  /** Which key this process hashes with under a configuration (config/hash-key.ts). */
  hashKeyCheck(config: LakeConfig): string | null;
}

/** The lake configurations the ledger holds, parsed once each. */
export class ConfigVersions {
  readonly #database: LedgerDatabase;
  readonly #own: OwnConfig;
  readonly #known = new Map<bigint, LakeConfig>();

  constructor(database: LedgerDatabase, own: OwnConfig) {
    this.#database = database;
    this.#own = own;
  }

  /**
   * The version of this process's configuration. The first one ever becomes active by itself; a different one has to
   * be applied by a person, because two processes with two configurations must not plan side by side.
   * @throws LakeError CONFIG_NOT_ACTIVE
   */
  async requireActive(config: LakeConfig): Promise<bigint> {
    const own = { ...config, hashKeyCheck: this.#own.hashKeyCheck(config) };
    const active = await activeConfigVersion(this.#database);
    if (active === undefined) return this.#database.transaction((tx) => activateConfig(tx, own));
    if (isSame(active, own)) return active.id;
    const differs =
      active.sha256 === own.sha256
        ? 'TRANSFORM_HASH_KEY is not the key'
        : 'lake.yaml (or a hook it names) differs from the text';
    throw new LakeError(
      'CONFIG_NOT_ACTIVE',
      `${differs} of the active configuration (version ${active.id})`,
      {
        facts: { active: active.sha256, ours: own.sha256 },
      },
    );
  }

  /** The configuration as it was when it was made active, hooks included; the files may have changed since. */
  async read(id: bigint): Promise<LakeConfig> {
    const known = this.#known.get(id) ?? this.#own.parse(await readConfigVersion(this.#database, id));
    this.#known.set(id, known);
    return known;
  }

  /**
   * A batch is staged with the hash key of its own version, or with that of the active one (a key that was changed on
   * purpose). A process that was left behind with another key leaves the batch to the others.
   * @throws LakeError HASH_KEY_DIFFERS
   */
  async requireHashKey(id: bigint): Promise<void> {
    const own = this.#own.hashKeyCheck(await this.read(id));
    if (own === null) return;
    const planned = await readConfigVersion(this.#database, id);
    if (planned.hashKeyCheck === own) return;
    const active = await activeConfigVersion(this.#database);
    if (active?.hashKeyCheck === own) return;
    throw new LakeError(
      'HASH_KEY_DIFFERS',
      `TRANSFORM_HASH_KEY is not the key of configuration version ${id}`,
      {
        facts: { configVersionId: id.toString() },
      },
    );
  }
}
