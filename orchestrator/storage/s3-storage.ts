import { randomUUID } from 'node:crypto';
import {
  DeleteObjectsCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  type ListObjectsV2CommandOutput,
  type S3Client,
} from '@aws-sdk/client-s3';
import type { StorageEnvironment } from '../config/environment.js';
import { byBytes, checkedFolder, checkedPath, storageFailed } from './failure.js';
import { createS3Client, isConditionalConflict, isPreconditionFailed, readObject } from './s3-client.js';
import { uploadStream } from './s3-upload.js';
import type { Storage, StoredObject } from './storage.js';

/** What S3 allows in one DeleteObjects call. */
const DELETE_BATCH = 1_000;
const CONFLICT_ATTEMPTS = 5;

/** A prefix of an S3 bucket. S3 itself shows a whole object or none; put-if-absent is `If-None-Match: *`. */
export class S3Storage implements Storage {
  readonly url: string;
  readonly #client: S3Client;
  readonly #bucket: string;
  readonly #prefix: string;

  /** @param url `s3a://bucket/prefix` (`s3://` is taken too and told to Spark as `s3a://`) */
  constructor(url: string, environment: StorageEnvironment) {
    const [, bucket = '', prefix = ''] = /^s3a?:\/\/([^/]+)\/*(.*?)\/*$/.exec(url) ?? [];
    this.url = prefix === '' ? `s3a://${bucket}` : `s3a://${bucket}/${prefix}`;
    this.#bucket = bucket;
    this.#prefix = prefix === '' ? '' : `${prefix}/`;
    this.#client = createS3Client(environment);
  }

  async write(path: string, content: Uint8Array | string): Promise<void> {
    const target = this.#object(path);
    await this.#asked('write', path, () =>
      this.#client.send(new PutObjectCommand({ ...target, Body: content })),
    );
  }

  async writeStream(path: string, chunks: AsyncIterable<Uint8Array>): Promise<number> {
    const target = this.#object(path);
    return this.#asked('write', path, () => uploadStream(this.#client, target, chunks));
  }

  async writeIfAbsent(path: string, content: Uint8Array | string): Promise<boolean> {
    const target = this.#object(path);
    return this.#asked('write', path, () => this.#putIfAbsent(target, content));
  }

  async read(path: string): Promise<Uint8Array | undefined> {
    const target = this.#object(path);
    const object = await this.#asked('read', path, () => readObject(this.#client, target));
    return typeof object === 'string' ? undefined : object;
  }

  async readStream(path: string): Promise<AsyncIterable<Uint8Array>> {
    const target = this.#object(path);
    const body = await this.#asked('read', path, async () => {
      const answer = await this.#client.send(new GetObjectCommand(target));
      return answer.Body as AsyncIterable<Uint8Array> | undefined;
    });
    return this.#wrapped(path, body);
  }

  async list(folder: string, after?: string): Promise<readonly StoredObject[]> {
    const prefix = this.#folderKey(folder);
    const objects: StoredObject[] = [];
    for await (const page of this.#pages(folder, prefix, '/', after && prefix + after)) {
      for (const { Key: key = '', Size: bytes = 0 } of page.Contents ?? []) {
        // Some tools leave an empty object as a marker of the folder itself.
        if (key !== prefix) objects.push({ name: key.slice(prefix.length), bytes });
      }
    }
    return objects.sort((a, b) => byBytes(a.name, b.name));
  }

  async listFolders(folder: string): Promise<readonly string[]> {
    const prefix = this.#folderKey(folder);
    const names: string[] = [];
    for await (const page of this.#pages(folder, prefix, '/')) {
      for (const { Prefix: found = '' } of page.CommonPrefixes ?? [])
        names.push(found.slice(prefix.length, -1));
    }
    return names.sort(byBytes);
  }

  async deleteFolder(folder: string): Promise<void> {
    const prefix = this.#folderKey(checkedPath(folder));
    let keys: string[] = [];
    // Deleted page by page: a folder of any size stays within bounded memory.
    for await (const page of this.#pages(folder, prefix, undefined)) {
      keys.push(...(page.Contents ?? []).flatMap(({ Key: key }) => (key === undefined ? [] : [key])));
      if (keys.length < DELETE_BATCH) continue;
      await this.#deleteKeys(folder, keys);
      keys = [];
    }
    if (keys.length > 0) await this.#deleteKeys(folder, keys);
  }

  deleteLeftovers(): Promise<number> {
    return Promise.resolve(0);
  }

  async #deleteKeys(folder: string, keys: readonly string[]): Promise<void> {
    for (let start = 0; start < keys.length; start += DELETE_BATCH) {
      const batch = keys.slice(start, start + DELETE_BATCH).map((key) => ({ Key: key }));
      await this.#asked('delete', folder, async () => {
        const answer = await this.#client.send(
          new DeleteObjectsCommand({ Bucket: this.#bucket, Delete: { Objects: batch, Quiet: true } }),
        );
        const [first] = answer.Errors ?? [];
        if (first !== undefined)
          throw new Error(`${first.Key ?? ''}: ${first.Code ?? ''} ${first.Message ?? ''}`);
      });
    }
  }

  async #putIfAbsent(
    target: { Bucket: string; Key: string },
    content: Uint8Array | string,
  ): Promise<boolean> {
    const writer = randomUUID();
    const command = new PutObjectCommand({
      ...target,
      Body: content,
      IfNoneMatch: '*',
      Metadata: { writer },
    });
    for (let attempt = 1; ; attempt++) {
      try {
        await this.#client.send(command);
        return true;
      } catch (error) {
        if (isConditionalConflict(error) && attempt < CONFLICT_ATTEMPTS) continue;
        if (!isPreconditionFailed(error)) throw error;
        // The client tries again after a lost answer: then the object standing there may well be this very one.
        if ((error.$metadata.attempts ?? 1) === 1 && attempt === 1) return false;
        const standing = await this.#client.send(new HeadObjectCommand(target));
        return standing.Metadata?.['writer'] === writer;
      }
    }
  }

  async *#pages(
    folder: string,
    prefix: string,
    delimiter: string | undefined,
    after?: string,
  ): AsyncGenerator<ListObjectsV2CommandOutput> {
    let token: string | undefined;
    do {
      const page: ListObjectsV2CommandOutput = await this.#asked('list', folder, () =>
        this.#client.send(
          new ListObjectsV2Command({
            Bucket: this.#bucket,
            Prefix: prefix,
            Delimiter: delimiter,
            StartAfter: after,
            ContinuationToken: token,
          }),
        ),
      );
      yield page;
      token = page.IsTruncated === true ? page.NextContinuationToken : undefined;
    } while (token !== undefined);
  }

  async *#wrapped(path: string, body: AsyncIterable<Uint8Array> | undefined): AsyncGenerator<Uint8Array> {
    try {
      if (body !== undefined) yield* body;
    } catch (error) {
      throw storageFailed('read', this.#address(path), error);
    }
  }

  async #asked<T>(operation: string, path: string, ask: () => Promise<T>): Promise<T> {
    try {
      return await ask();
    } catch (error) {
      throw storageFailed(operation, this.#address(path), error);
    }
  }

  #object(path: string): { Bucket: string; Key: string } {
    return { Bucket: this.#bucket, Key: this.#prefix + checkedPath(path) };
  }

  #folderKey(folder: string): string {
    return folder === '' ? this.#prefix : `${this.#prefix}${checkedFolder(folder)}/`;
  }

  #address(path: string): string {
    return `${this.url}/${path}`;
  }
}
