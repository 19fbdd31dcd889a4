import {
  CreateBucketCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  HeadBucketCommand,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { LakeError } from '../../orchestrator/errors.js';

/** HQ's blob store: objects by key, exactly as written. */
export interface BlobStore {
  put(key: string, bytes: Uint8Array): Promise<void>;
  get(key: string): Promise<Buffer>;
  delete(key: string): Promise<void>;
}

export interface S3Settings {
  readonly endpoint?: string;
  readonly region?: string;
  readonly accessKeyId?: string;
  readonly secretAccessKey?: string;
}

/** `file:///dir` or `s3://bucket`; the folder or bucket is made when it is missing. */
export async function openBlobStore(url: string, s3: S3Settings = {}): Promise<BlobStore> {
  if (url.startsWith('file://')) return await fileBlobs(fileURLToPath(url));
  const bucket = /^s3:\/\/([^/]+)\/?$/.exec(url)?.[1];
  if (bucket === undefined) {
    throw new LakeError('CONFIG_INVALID', 'The blob store must be file:///dir or s3://bucket');
  }
  return await s3Blobs(bucket, s3);
}

async function fileBlobs(folder: string): Promise<BlobStore> {
  await mkdir(folder, { recursive: true });
  const place = (key: string): string => {
    if (!/^[A-Za-z0-9_{}-][A-Za-z0-9_./{}-]*$/.test(key) || key.includes('..')) {
      throw new LakeError('INTERNAL', `Not a blob key: ${key}`);
    }
    return join(folder, key);
  };
  return {
    async put(key, bytes) {
      const path = place(key);
      if (key.includes('/')) await mkdir(dirname(path), { recursive: true });
      await writeFile(path, bytes);
    },
    get: (key) => readFile(place(key)),
    delete: (key) => rm(place(key), { force: true }),
  };
}

async function s3Blobs(bucket: string, settings: S3Settings): Promise<BlobStore> {
  const { accessKeyId, secretAccessKey } = settings;
  const client = new S3Client({
    region: settings.region ?? 'us-east-1',
    forcePathStyle: true,
    ...(settings.endpoint === undefined ? {} : { endpoint: settings.endpoint }),
    ...(accessKeyId === undefined || secretAccessKey === undefined
      ? {}
      : { credentials: { accessKeyId, secretAccessKey } }),
  });
  try {
    await client.send(new HeadBucketCommand({ Bucket: bucket }));
  } catch {
    await client.send(new CreateBucketCommand({ Bucket: bucket }));
  }
  return {
    async put(key, bytes) {
      await client.send(new PutObjectCommand({ Bucket: bucket, Key: key, Body: bytes }));
    },
    async get(key) {
      const { Body } = await client.send(new GetObjectCommand({ Bucket: bucket, Key: key }));
      if (Body === undefined) throw new LakeError('STORAGE_FAILED', `The blob ${key} has no content`);
      return Buffer.from(await Body.transformToByteArray());
    },
    async delete(key) {
      await client.send(new DeleteObjectCommand({ Bucket: bucket, Key: key }));
    },
  };
}
