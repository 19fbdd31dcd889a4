import { closeSync, fstatSync, open, read } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { S3Client } from '@aws-sdk/client-s3';
import type { StorageEnvironment } from '../config/environment.js';
import { LakeError } from '../errors.js';
import { createS3Client, readObject } from '../storage/s3-client.js';

/** `missing`: no store has the key. `too large`: more bytes than asked for; they are not read. */
type Blob = { readonly bytes: Uint8Array } | 'missing' | 'too large';

/** HQ's blob store: keys are opaque. @throws LakeError HQ_READ_FAILED when it does not answer */
export interface BlobStore {
  read(key: string, maxBytes: number): Promise<Blob>;
  close(): void;
}

/**
 * @param locations `file:///folder` or `s3://bucket`; several, comma separated, are looked through in order (HQ too
 *   falls back to its old store while it migrates to a new one)
 */
export function openBlobStore(locations: string, environment: StorageEnvironment): BlobStore {
  const stores = locations
    .split(/,(?=file:\/\/\/|s3a?:\/\/)/)
    .map((location) =>
      location.startsWith('file:') ? new FileBlobs(location) : new S3Blobs(location, environment),
    );
  return {
    async read(key, maxBytes) {
      if (!isLegalKey(key)) return 'missing';
      for (const store of stores) {
        const blob = await store.read(key, maxBytes);
        if (blob !== 'missing') return blob;
      }
      return 'missing';
    },
    close() {
      for (const store of stores) store.close();
    },
  };
}

/** HQ's own rule; it also keeps a key from leaving the store's folder. */
export function isLegalKey(key: string): boolean {
  return (
    /^[A-Za-z0-9_{}-][A-Za-z0-9_./{}-]*$/.test(key) &&
    !key.split('/').some((part) => part === '..' || part === '.')
  );
}

/** On descriptors: a FileHandle of node:fs/promises costs three times the processor time, which counts for small blobs. */
const [openFile, readFrom] = [promisify(open), promisify(read)];

class FileBlobs implements BlobStore {
  readonly #folder: string;

  constructor(location: string) {
    this.#folder = fileURLToPath(location);
  }

  async read(key: string, maxBytes: number): Promise<Blob> {
    try {
      const descriptor = await openFile(join(this.#folder, key), 'r');
      try {
        // The size came with the open: asking for it and closing do not wait for the disk.
        const { size } = fstatSync(descriptor);
        if (size > maxBytes) return 'too large';
        return { bytes: await readAll(descriptor, size) };
      } finally {
        closeSync(descriptor);
      }
    } catch (cause) {
      if (hasCode(cause, 'ENOENT') || hasCode(cause, 'ENOTDIR')) return 'missing';
      throw blobFailed(key, cause);
    }
  }

  close(): void {
    // Files are closed one by one.
  }
}

async function readAll(descriptor: number, size: number): Promise<Uint8Array> {
  const bytes = Buffer.allocUnsafe(size);
  let at = 0;
  while (at < size) {
    const { bytesRead } = await readFrom(descriptor, bytes, at, size - at, at);
    if (bytesRead === 0) break;
    at += bytesRead;
  }
  return bytes.subarray(0, at);
}

class S3Blobs implements BlobStore {
  readonly #client: S3Client;
  readonly #bucket: string;
  readonly #prefix: string;

  constructor(location: string, environment: StorageEnvironment) {
    const [, bucket = '', prefix = ''] = /^s3a?:\/\/([^/]+)\/*(.*?)\/*$/.exec(location) ?? [];
    this.#client = createS3Client(environment);
    this.#bucket = bucket;
    this.#prefix = prefix === '' ? '' : `${prefix}/`;
  }

  async read(key: string, maxBytes: number): Promise<Blob> {
    try {
      const object = await readObject(
        this.#client,
        { Bucket: this.#bucket, Key: this.#prefix + key },
        maxBytes,
      );
      return typeof object === 'string' ? object : { bytes: object };
    } catch (cause) {
      throw blobFailed(key, cause);
    }
  }

  close(): void {
    this.#client.destroy();
  }
}

function blobFailed(key: string, cause: unknown): LakeError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new LakeError('HQ_READ_FAILED', `Reading blob ${key} from HQ's blob store failed: ${reason}`, {
    facts: { key },
    cause,
  });
}

function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}
