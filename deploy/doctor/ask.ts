import type { S3Client } from '@aws-sdk/client-s3';
import { Redis } from 'ioredis';
import { Kafka, logLevel, type Admin } from 'kafkajs';
import pg from 'pg';
import type { DoctorEnvironment } from '../../orchestrator/config/doctor-environment.js';
import { blobStorageEnvironment, type StorageEnvironment } from '../../orchestrator/config/environment.js';
import { CouchClient } from '../../orchestrator/extract/users/couch-client.js';
import { createS3Client } from '../../orchestrator/storage/s3-client.js';

/** One question to a service, over a connection of its own that is closed afterwards. */
const CONNECT_MS = 8_000;

export async function askPostgres<T>(
  access: pg.ClientConfig,
  question: (client: pg.Client) => Promise<T>,
): Promise<T> {
  const client = new pg.Client({ ...access, connectionTimeoutMillis: CONNECT_MS });
  client.on('error', () => undefined); // The query rejects with the same.
  try {
    await client.connect();
    return await question(client);
  } finally {
    await client.end().catch(() => undefined);
  }
}

/** @returns what INFO tells; a Redis that refuses the login throws */
export async function askRedis(url: string): Promise<string> {
  const client = new Redis(url, { lazyConnect: true, retryStrategy: () => null, connectTimeout: CONNECT_MS });
  let refusal: Error | undefined;
  // The error tells more than connect(), which only says that the connection is closed.
  client.on('error', (error: Error) => (refusal = error));
  try {
    await client.connect();
    return await client.info();
  } catch (thrown) {
    throw refusal ?? thrown;
  } finally {
    client.disconnect();
  }
}

export async function askKafka<T>(
  environment: DoctorEnvironment,
  question: (admin: Admin) => Promise<T>,
): Promise<T> {
  const kafka = new Kafka({
    brokers: [brokerOf(environment)],
    connectionTimeout: CONNECT_MS,
    logLevel: logLevel.NOTHING,
    retry: { retries: 1 },
  });
  const admin = kafka.admin();
  try {
    await admin.connect();
    return await question(admin);
  } finally {
    await admin.disconnect().catch(() => undefined);
  }
}

export function brokerOf(environment: DoctorEnvironment): string {
  return `${environment['KAFKA_BOOTSTRAP_SERVER_HOST'] ?? ''}:${environment['KAFKA_BOOTSTRAP_SERVER_PORT'] ?? ''}`;
}

/** By the product's own client, so that what answers here answers there. */
export async function askS3<T>(
  access: StorageEnvironment,
  question: (client: S3Client) => Promise<T>,
): Promise<T> {
  const client = createS3Client(access);
  try {
    return await question(client);
  } finally {
    client.destroy();
  }
}

/** By the product's own client, too. @returns documents in the database */
export async function askCouch(url: string): Promise<number> {
  const client = new CouchClient(url);
  const { documents, sequence } = await client.facts();
  // Reading the database's facts needs fewer rights than reading documents and changes.
  await client.documents([]);
  await client.changes(sequence, 1);
  return documents;
}

export function lakeS3(environment: DoctorEnvironment): StorageEnvironment {
  return { AWS_REGION: 'us-east-1', ...environment };
}

export function blobS3(environment: DoctorEnvironment): StorageEnvironment {
  return blobStorageEnvironment({ AWS_REGION: 'us-east-1', ...environment });
}

/** Host, port and path of a URL: what may be shown of it. */
export function publicUrl(url: string): string {
  if (!URL.canParse(url)) return 'an unreadable URL';
  const { protocol, host, pathname } = new URL(url);
  return `${protocol}//${host}${pathname}`;
}

export function listOf(text: string): readonly string[] {
  return text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');
}
