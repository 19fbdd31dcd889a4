import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync, appendFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { FreshLake } from '../../helpers/fresh-lake.js';
import type { ServiceManager } from './service-manager.js';

/** What a run leaves behind when it fails: its plan, what happened when, every log, the ledger, the lake. */
export class Story {
  readonly folder: string;
  readonly #say: (line: string) => void;
  readonly #began = Date.now();

  constructor(name: string, say: (line: string) => void) {
    const parent = join(tmpdir(), 'dimagi-lake-faults');
    mkdirSync(parent, { recursive: true });
    this.folder = mkdtempSync(join(parent, `${name.replaceAll(/\W+/g, '-')}-`));
    this.#say = say;
  }

  write(name: string, text: string): void {
    writeFileSync(join(this.folder, `${name}.txt`), `${text}\n`);
    this.#say(text);
  }

  /** A line of what happens, with its second. */
  say(line: string): void {
    const told = `${((Date.now() - this.#began) / 1000).toFixed(1).padStart(6)} s  ${line}`;
    appendFileSync(join(this.folder, 'story.txt'), `${told}\n`);
    this.#say(told);
  }

  get seconds(): number {
    return (Date.now() - this.#began) / 1000;
  }

  /** Logs of all orchestrators; none holds content of a record. */
  keep(manager: ServiceManager): void {
    for (const { name, text } of manager.logs()) appendFileSync(join(this.folder, `${name}.log`), text);
  }

  /** The state of the work, and the lake. */
  async keepLedger(lake: FreshLake): Promise<void> {
    for (const table of [
      'topic',
      'topic_partition',
      'batch',
      'batch_range',
      'lane',
      'run',
      'lake_table',
      'lease',
    ]) {
      const rows = await lake.ledger
        .query(`SELECT * FROM ${table} ORDER BY 1`)
        .then((answer) => answer.rows as unknown[])
        .catch((error: unknown) => [String(error)]);
      const lines = rows.map((row) => JSON.stringify(row)).join('\n');
      writeFileSync(join(this.folder, `ledger-${table}.jsonl`), `${lines}\n`);
    }
    if (existsSync(lake.folder)) cpSync(lake.folder, join(this.folder, 'lake'), { recursive: true });
  }

  /** A run that was right leaves nothing. */
  forget(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}
