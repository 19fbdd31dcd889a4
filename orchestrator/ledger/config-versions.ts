import type { LakeConfig } from '../config/lake.js';
import { LakeError } from '../errors.js';
import type { LedgerDatabase } from './database.js';
import { activateConfig, activeConfigVersion, readConfigVersion } from './lake.js';

/** The lake configurations the ledger holds, parsed once each. */
export class ConfigVersions {
  readonly #database: LedgerDatabase;
  readonly #parse: (text: string) => LakeConfig;
  readonly #known = new Map<bigint, LakeConfig>();

  constructor(database: LedgerDatabase, parse: (text: string) => LakeConfig) {
    this.#database = database;
    this.#parse = parse;
  }

  /**
   * The version of this process's configuration. The first one ever becomes active by itself; a different one has to
   * be applied by a person, because two processes with two configurations must not plan side by side.
   * @throws LakeError CONFIG_NOT_ACTIVE
   */
  async requireActive(config: LakeConfig): Promise<bigint> {
    const active = await activeConfigVersion(this.#database);
    if (active === undefined)
      return this.#database.transaction((tx) => activateConfig(tx, config.sha256, config.text));
    if (active.sha256 === config.sha256) return active.id;
    throw new LakeError(
      'CONFIG_NOT_ACTIVE',
      `lake.yaml differs from the active configuration (version ${active.id})`,
      {
        facts: { active: active.sha256, ours: config.sha256 },
      },
    );
  }

  async read(id: bigint): Promise<LakeConfig> {
    const known = this.#known.get(id) ?? this.#parse((await readConfigVersion(this.#database, id)).text);
    this.#known.set(id, known);
    return known;
  }
}
