import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createGzip, type Gzip } from 'node:zlib';
import type { Storage } from '../storage/storage.js';
import type { JsonObject } from '../types.js';

/** A staging file as the manifest lists it. */
export interface StagedFile {
  readonly name: string;
  readonly rows: number;
  readonly bytes: number;
  readonly sha256: string;
}

/** gzip can't be split, so a table's rows are cut into files that Spark reads in parallel. */
const ROWS_PER_FILE = 100_000;
/** Staging is written once and read once, mostly from a near disk: speed counts more than size. */
const GZIP_LEVEL = 1;
/** Rows are handed to gzip, which works in another thread, by so many characters: handing over costs more than a row. */
const CHARACTERS_AT_ONCE = 64 * 1024;

/** Writes one table's rows as gzipped NDJSON into a folder of its own (Spark reads a folder, never a list of files). */
export class StagingWriter {
  readonly #storage: Storage;
  readonly #folder: string;
  readonly #files: Promise<StagedFile>[] = [];
  #open: OpenFile | undefined;

  constructor(storage: Storage, folder: string) {
    this.#storage = storage;
    this.#folder = folder;
  }

  /** Waits when the store is slower than the caller, so memory does not grow with the table. */
  async write(row: JsonObject): Promise<void> {
    this.#open ??= new OpenFile(this.#storage, this.#folder, this.#files.length);
    await this.#open.write(`${JSON.stringify(row)}\n`);
    if (this.#open.rows >= ROWS_PER_FILE) this.#finishFile();
  }

  async close(): Promise<readonly StagedFile[]> {
    this.#finishFile();
    return Promise.all(this.#files);
  }

  /** Ends everything without a result; half-written files never become visible. */
  abort(reason: Error): void {
    this.#open?.abort(reason);
    for (const file of this.#files) file.catch(() => undefined);
  }

  #finishFile(): void {
    if (this.#open === undefined) return;
    const file = this.#open.finish();
    // close() awaits it; until then a failure must not count as unhandled.
    file.catch(() => undefined);
    this.#files.push(file);
    this.#open = undefined;
  }
}

class OpenFile {
  rows = 0;
  readonly #name: string;
  readonly #gzip: Gzip = createGzip({ level: GZIP_LEVEL, chunkSize: CHARACTERS_AT_ONCE });
  readonly #hash = createHash('sha256');
  readonly #written: Promise<number>;
  #failure: Error | undefined;
  #lines = '';

  constructor(storage: Storage, folder: string, index: number) {
    this.#name = `part-${String(index).padStart(5, '0')}.json.gz`;
    this.#written = storage.writeStream(`${folder}/${this.#name}`, this.#hashed());
    this.#written.catch((thrown: unknown) => {
      this.#failure = thrown instanceof Error ? thrown : new Error(String(thrown));
      this.#gzip.destroy(this.#failure);
    });
    this.#gzip.on('error', () => undefined);
  }

  async write(line: string): Promise<void> {
    if (this.#failure !== undefined) throw this.#failure;
    this.rows++;
    this.#lines += line;
    if (this.#lines.length >= CHARACTERS_AT_ONCE && !this.#handOver()) await once(this.#gzip, 'drain');
  }

  async finish(): Promise<StagedFile> {
    this.#handOver();
    this.#gzip.end();
    const bytes = await this.#written;
    return { name: this.#name, rows: this.rows, bytes, sha256: this.#hash.digest('hex') };
  }

  abort(reason: Error): void {
    this.#gzip.destroy(reason);
  }

  /** @returns false when gzip has enough for now */
  #handOver(): boolean {
    const lines = this.#lines;
    this.#lines = '';
    return this.#gzip.write(lines);
  }

  async *#hashed(): AsyncIterable<Uint8Array> {
    for await (const chunk of this.#gzip as AsyncIterable<Uint8Array>) {
      this.#hash.update(chunk);
      yield chunk;
    }
  }
}
