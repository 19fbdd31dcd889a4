import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { FileStorage } from '../../../orchestrator/storage/file-storage.js';

export const APP_ID = 'dl/lake';
export const TABLE = 'commcare/demo/case-sql/a';

/** A commit's actions as Delta writes them; `txn` is raw JSON text, since numbers pass 2^53. */
export interface Commit {
  readonly txn?: string;
  readonly appId?: string;
  readonly columns?: readonly string[];
  readonly userMetadata?: string;
  readonly metrics?: Record<string, string>;
}

/** A Delta log written by hand into a temporary folder. */
export class LogFixture {
  readonly storage: FileStorage;

  constructor(t: TestContext) {
    const folder = mkdtempSync(join(tmpdir(), 'dimagi-lake-log-'));
    t.after(() => {
      rmSync(folder, { recursive: true });
    });
    this.storage = new FileStorage(`file://${folder}`);
  }

  async commit(version: number, commit: Commit): Promise<void> {
    const info = { operation: 'MERGE', userMetadata: commit.userMetadata, operationMetrics: commit.metrics };
    const lines = [JSON.stringify({ commitInfo: info })];
    if (commit.columns !== undefined) lines.push(JSON.stringify({ metaData: metadata(commit.columns) }));
    if (commit.txn !== undefined) lines.push(`{"txn":${txn(commit.txn, commit.appId)}}`);
    await this.raw(version, 'json', lines.join('\n'));
  }

  async checksum(
    version: number,
    columns: readonly string[],
    txns: readonly [string, string][] | null,
  ): Promise<void> {
    const transactions =
      txns === null
        ? ''
        : `,"setTransactions":[${txns.map(([appId, number]) => txn(number, appId)).join(',')}]`;
    await this.raw(
      version,
      'crc',
      `{"numFiles":1,"metadata":${JSON.stringify(metadata(columns))}${transactions}}`,
    );
  }

  async raw(version: number, ending: string, text: string): Promise<void> {
    await this.storage.write(`${TABLE}/_delta_log/${String(version).padStart(20, '0')}.${ending}`, text);
  }
}

function txn(version: string, appId = APP_ID): string {
  return `{"appId":"${appId}","version":${version},"lastUpdated":1700000000000}`;
}

function metadata(columns: readonly string[]): object {
  const fields = columns.map((name) => ({ name, type: 'string', nullable: true, metadata: {} }));
  return { id: 'x', schemaString: JSON.stringify({ type: 'struct', fields }), partitionColumns: [] };
}
