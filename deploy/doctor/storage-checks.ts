import { randomUUID } from 'node:crypto';
import { constants, existsSync } from 'node:fs';
import { access, rm, stat, statfs, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { DeleteObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import type { DoctorEnvironment } from '../../orchestrator/config/doctor-environment.js';
import { askS3, lakeS3 } from './ask.js';
import type { Check } from './check.js';

const GIGABYTE = 1_073_741_824;
/** Less is not enough for one batch of staging, merged files and Spark's own scratch space. */
const LEAST_FREE_GB = 2;

/** Each storage root is written to and cleaned again; local ones must have room. */
export const STORAGE_CHECKS: readonly Check[] = [
  storage('Staging', 'CHECKPOINT_BASE_DIR'),
  storage('Lake', 'HQ_DATA_PATH'),
  storage('Aggregates', 'AGG_DATA_PATH'),
];

function storage(name: string, variable: string): Check {
  return {
    name: `${name} storage`,
    needs: [variable],
    mend: `${variable} must be writable for this user and, at the same place, for every Spark worker.`,
    look: async (value, environment) => {
      const url = value(variable);
      await requireWritable(url, environment);
      return url.startsWith('file:') ? room(fileURLToPath(url)) : `${url} is writable`;
    },
  };
}

/**
 * Writes and deletes a probe. Little room is no reason not to start: what runs clears staging, and so makes room; only the doctor calls it a fault.
 * @throws Error when it can't
 */
export function requireWritable(url: string, environment: DoctorEnvironment): Promise<void> {
  return url.startsWith('file:') ? writeLocal(fileURLToPath(url)) : writeS3(url, environment);
}

async function writeLocal(folder: string): Promise<void> {
  const present = existingFolder(folder);
  if (!(await stat(present)).isDirectory()) throw new Error(`${present} is no folder`);
  if (present !== folder) {
    await access(present, constants.W_OK);
    return;
  }
  const probe = join(folder, probeName());
  try {
    await writeFile(probe, 'probe');
  } finally {
    // A full disk lets a file be made, and nothing be written.
    await rm(probe, { force: true });
  }
}

/** @throws Error when a disk is all but full */
async function room(folder: string): Promise<string> {
  const present = existingFolder(folder);
  const { bavail, bsize } = await statfs(present);
  const free = (bavail * bsize) / GIGABYTE;
  if (free < LEAST_FREE_GB) throw new Error(`${present} has only ${free.toFixed(1)} GB free`);
  return `${folder} ${present === folder ? 'is' : 'can be made and is'} writable, ${Math.floor(free)} GB free`;
}

/** The folder itself or the nearest one above it that exists: the doctor makes none. */
function existingFolder(folder: string): string {
  return existsSync(folder) ? folder : existingFolder(dirname(folder));
}

async function writeS3(url: string, environment: DoctorEnvironment): Promise<void> {
  const { hostname: bucket, pathname } = new URL(url);
  const key = `${pathname.replace(/^\/|\/$/g, '')}/${probeName()}`.replace(/^\//, '');
  await askS3(lakeS3(environment), async (client) => {
    await client.send(new PutObjectCommand({ Bucket: bucket, Key: key, Body: 'probe' }));
    await client.send(new DeleteObjectCommand({ Bucket: bucket, Key: key }));
  });
}

function probeName(): string {
  return `.dimagi-lake-probe-${randomUUID()}`;
}
