import { randomUUID } from 'node:crypto';
import { constants, existsSync } from 'node:fs';
import { access, readdir, rm, statfs, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { DeleteObjectCommand, ListObjectsV2Command, PutObjectCommand } from '@aws-sdk/client-s3';
import type { DoctorEnvironment } from '../../orchestrator/config/doctor-environment.js';
import { blobStorageEnvironment, type BlobEnvironment } from '../../orchestrator/config/environment.js';
import { createS3Client } from '../../orchestrator/storage/s3-client.js';
import type { Check } from './check.js';

const GIGABYTE = 1_073_741_824;
/** Less is not enough for one batch of staging, merged files and Spark's own scratch space. */
const LEAST_FREE_GB = 2;

/** Each storage root is written to and cleaned again; local ones must have room. */
export const STORAGE_CHECKS: readonly Check[] = [
  storage('Staging', 'CHECKPOINT_BASE_DIR'),
  storage('Lake', 'HQ_DATA_PATH'),
  storage('Aggregates', 'AGG_DATA_PATH'),
  {
    name: "HQ's blob store",
    needs: ['HQ_BLOB_STORE'],
    unset: 'Ingestion needs it: set it to the folder or bucket of the form XML.',
    mend: "HQ_BLOB_STORE must be readable, on S3 with the rights s3:GetObject and s3:ListBucket; HQ_BLOB_* name another S3 than the lake's.",
    look: (value, environment) => readBlobStores(value('HQ_BLOB_STORE'), environment),
  },
];

function storage(name: string, variable: string): Check {
  return {
    name: `${name} storage`,
    needs: [variable],
    mend: `${variable} must be writable for this user and, at the same place, for every Spark worker.`,
    look: (value, environment) => {
      const url = value(variable);
      return url.startsWith('file:') ? writeLocal(fileURLToPath(url)) : writeS3(url, environment);
    },
  };
}

async function writeLocal(folder: string): Promise<string> {
  const present = existingFolder(folder);
  if (present === folder) {
    const probe = join(folder, probeName());
    await writeFile(probe, 'probe');
    await rm(probe);
  } else {
    await access(present, constants.W_OK);
  }
  const { bavail, bsize } = await statfs(present);
  const free = (bavail * bsize) / GIGABYTE;
  if (free < LEAST_FREE_GB) throw new Error(`${present} has only ${free.toFixed(1)} GB free`);
  return `${folder} ${present === folder ? 'is' : 'can be made and is'} writable, ${Math.floor(free)} GB free`;
}

/** The folder itself or the nearest one above it that exists: the doctor makes none. */
function existingFolder(folder: string): string {
  return existsSync(folder) ? folder : existingFolder(dirname(folder));
}

async function writeS3(url: string, environment: DoctorEnvironment): Promise<string> {
  const { bucket, prefix } = bucketOf(url);
  const target = { Bucket: bucket, Key: prefix + probeName() };
  const client = createS3Client(s3Environment(environment));
  try {
    await client.send(new PutObjectCommand({ ...target, Body: 'probe' }));
    await client.send(new DeleteObjectCommand(target));
  } finally {
    client.destroy();
  }
  return `${url} is writable`;
}

/** HQ's old and new store may both be named; a folder or bucket without a blob is most likely the wrong one. */
async function readBlobStores(urls: string, environment: DoctorEnvironment): Promise<string> {
  const stores = urls.split(',').map((url) => url.trim());
  const found = await Promise.all(
    stores.map(async (url) => {
      const any = url.startsWith('file:')
        ? (await readdir(fileURLToPath(url))).length > 0
        : await hasObject(url, environment);
      return `${url} ${any ? 'is readable' : 'is readable and empty'}`;
    }),
  );
  return found.join('; ');
}

/** Asks for a list: without that right S3 answers "forbidden" for a blob that is missing, and its form waits for ever. */
async function hasObject(url: string, environment: DoctorEnvironment): Promise<boolean> {
  const { bucket, prefix } = bucketOf(url);
  const client = createS3Client(blobStorageEnvironment(s3Environment(environment)));
  try {
    const page = await client.send(new ListObjectsV2Command({ Bucket: bucket, Prefix: prefix, MaxKeys: 1 }));
    return (page.KeyCount ?? 0) > 0;
  } finally {
    client.destroy();
  }
}

function bucketOf(url: string): { bucket: string; prefix: string } {
  const [, bucket = '', prefix = ''] = /^s3a?:\/\/([^/]+)\/*(.*?)\/*$/.exec(url) ?? [];
  return { bucket, prefix: prefix === '' ? '' : `${prefix}/` };
}

function s3Environment(environment: DoctorEnvironment): BlobEnvironment {
  return { AWS_REGION: 'us-east-1', ...environment };
}

function probeName(): string {
  return `.dimagi-lake-probe-${randomUUID()}`;
}
