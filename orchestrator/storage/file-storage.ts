import { randomUUID } from 'node:crypto';
import { constants } from 'node:fs';
import { link, mkdir, open, readdir, readFile, rename, rm, stat, unlink } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { byBytes, checkedFolder, checkedPath, storageFailed } from './failure.js';
import type { Storage, StoredObject } from './storage.js';

/** Ours alone: a writer that died leaves one behind, and no listing shows it. */
const TEMPORARY = /^\.[0-9a-f-]{36}\.tmp$/;
/** Those, and the drafts of the Delta log store (spark-jobs/runner) and of Delta's own writers. */
const DRAFT = /^\..*\.tmp$/;

/**
 * A local or shared folder. An object is written beside its place under a temporary name, flushed to disk, then
 * renamed (or hard linked, where it must not replace), so a crash leaves the old object or none, never half of one.
 */
export class FileStorage implements Storage {
  readonly url: string;
  readonly #root: string;

  /** @param url `file:///folder`; the folder need not exist yet */
  constructor(url: string) {
    this.url = url.replace(/\/+$/, '');
    this.#root = fileURLToPath(this.url);
  }

  async write(path: string, content: Uint8Array | string): Promise<void> {
    await this.#placed('write', path, async (handle) => handle.writeFile(content), rename);
  }

  async writeStream(path: string, chunks: AsyncIterable<Uint8Array>): Promise<number> {
    let bytes = 0;
    const writeAll = async (handle: FileHandle): Promise<void> => {
      for await (const chunk of chunks) {
        // writeFile on a handle appends where the last write ended, and writes all of it (write() may not).
        await handle.writeFile(chunk);
        bytes += chunk.byteLength;
      }
    };
    await this.#placed('write', path, writeAll, rename);
    return bytes;
  }

  async writeIfAbsent(path: string, content: Uint8Array | string): Promise<boolean> {
    let absent = true;
    const linkUnlessThere = async (temporary: string, target: string): Promise<void> => {
      try {
        await link(temporary, target);
      } catch (error) {
        if (!hasCode(error, 'EEXIST')) throw error;
        absent = false;
      }
      await unlink(temporary);
    };
    await this.#placed('write', path, async (handle) => handle.writeFile(content), linkUnlessThere);
    return absent;
  }

  async read(path: string): Promise<Uint8Array | undefined> {
    const file = this.#file(path);
    try {
      return await readFile(file);
    } catch (error) {
      if (isAbsent(error)) return undefined;
      throw storageFailed('read', this.#address(path), error);
    }
  }

  async readStream(path: string): Promise<AsyncIterable<Uint8Array>> {
    const file = this.#file(path);
    try {
      const handle = await open(file, constants.O_RDONLY);
      return this.#wrapped(path, handle.createReadStream());
    } catch (error) {
      throw storageFailed('read', this.#address(path), error);
    }
  }

  async list(folder: string, after = ''): Promise<readonly StoredObject[]> {
    const names = (await this.#names(folder, false)).filter((name) => byBytes(name, after) > 0);
    const objects: StoredObject[] = [];
    for (const name of names) {
      const size = await this.#size(folder, name);
      if (size !== undefined) objects.push({ name, bytes: size });
    }
    return objects;
  }

  async listFolders(folder: string): Promise<readonly string[]> {
    return this.#names(folder, true);
  }

  async deleteFolder(folder: string): Promise<void> {
    const file = this.#file(folder);
    try {
      await rm(file, { recursive: true, force: true });
    } catch (error) {
      throw storageFailed('delete', this.#address(folder), error);
    }
  }

  async deleteLeftovers(folder: string, olderThanMs: number): Promise<number> {
    const place = join(this.#root, checkedFolder(folder));
    let deleted = 0;
    try {
      for (const entry of await readdir(place, { withFileTypes: true })) {
        if (!entry.isFile() || !DRAFT.test(entry.name)) continue;
        const file = join(place, entry.name);
        if (Date.now() - (await stat(file)).mtimeMs < olderThanMs) continue;
        await rm(file, { force: true });
        deleted++;
      }
      return deleted;
    } catch (error) {
      // An absent folder has none; a draft that has just gone was somebody's after all.
      if (isAbsent(error)) return deleted;
      throw storageFailed('delete', this.#address(folder), error);
    }
  }

  async #placed(
    operation: string,
    path: string,
    fill: (handle: FileHandle) => Promise<void>,
    place: (temporary: string, target: string) => Promise<void>,
  ): Promise<void> {
    const target = this.#file(path);
    const folder = dirname(target);
    const temporary = join(folder, `.${randomUUID()}.tmp`);
    try {
      await mkdir(folder, { recursive: true });
      await filled(temporary, fill);
      await place(temporary, target);
      await synced(folder);
    } catch (error) {
      await rm(temporary, { force: true }).catch(() => undefined);
      throw storageFailed(operation, this.#address(path), error);
    }
  }

  async *#wrapped(path: string, stream: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    try {
      yield* stream;
    } catch (error) {
      throw storageFailed('read', this.#address(path), error);
    }
  }

  async #names(folder: string, folders: boolean): Promise<string[]> {
    const place = join(this.#root, checkedFolder(folder));
    try {
      const entries = await readdir(place, { withFileTypes: true });
      return entries
        .filter((entry) => entry.isDirectory() === folders && !TEMPORARY.test(entry.name))
        .map((entry) => entry.name)
        .sort(byBytes);
    } catch (error) {
      if (isAbsent(error)) return [];
      throw storageFailed('list', this.#address(folder), error);
    }
  }

  async #size(folder: string, name: string): Promise<number | undefined> {
    try {
      return (await stat(join(this.#root, folder, name))).size;
    } catch (error) {
      // Deleted between the listing and now: then it does not belong in the list.
      if (isAbsent(error)) return undefined;
      throw storageFailed('list', this.#address(join(folder, name)), error);
    }
  }

  #file(path: string): string {
    return join(this.#root, checkedPath(path));
  }

  #address(path: string): string {
    return `${this.url}/${path}`;
  }
}

async function filled(file: string, fill: (handle: FileHandle) => Promise<void>): Promise<void> {
  const handle = await open(file, 'wx');
  try {
    await fill(handle);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Without this a power cut may forget the rename although the content is on disk. */
async function synced(folder: string): Promise<void> {
  const handle = await open(folder, constants.O_RDONLY);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

function isAbsent(error: unknown): boolean {
  return hasCode(error, 'ENOENT') || hasCode(error, 'ENOTDIR');
}

function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}
