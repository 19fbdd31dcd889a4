import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import { readJsonFile, writeJsonFile } from './json-file.js';
import type { StackLayout } from './layout.js';

/**
 * What a stack remembers between two starts (D/stack.json, readable by its owner only): ports, passwords made at
 * the first start, and where the Postgres data stands.
 */
const stateSchema = z.object({
  ports: z.record(z.string(), z.number()).default({}),
  passwords: z.object({
    superuser: z.string(),
    ledger: z.string(),
    runner: z.string(),
    metastore: z.string(),
    warehouse: z.string(),
  }),
  /** Key of Spark's JWS filter, base64url of 32 bytes. */
  sparkSecret: z.string(),
  kafkaClusterId: z.string(),
  /** Set once initdb has ended well. */
  postgresData: z.string().optional(),
  /** Where a copy of the Postgres programs stands when root starts them for `nobody`. */
  postgresHome: z.string().optional(),
  /** Given by flag: use these instead of starting our own. */
  redisUrl: z.string().optional(),
  postgresUrl: z.string().optional(),
  workerMemory: z.string().default('8g'),
  thriftWanted: z.boolean().default(false),
  /** The Thrift Server's driver. */
  thriftSubmission: z.string().optional(),
  thriftPort: z.number().optional(),
  thriftClasspath: z.string().optional(),
});

export type StackState = z.infer<typeof stateSchema>;

/** @returns undefined when no stack was ever started in the directory */
export function readState(layout: StackLayout): StackState | undefined {
  const stored = readJsonFile(layout.stateFile);
  return stored === undefined ? undefined : stateSchema.parse(stored);
}

export function writeState(layout: StackLayout, state: StackState): void {
  writeJsonFile(layout.stateFile, state);
}

export function newState(): StackState {
  return stateSchema.parse({
    passwords: {
      superuser: password(),
      ledger: password(),
      runner: password(),
      metastore: password(),
      warehouse: password(),
    },
    sparkSecret: randomBytes(32).toString('base64url'),
    kafkaClusterId: randomBytes(16).toString('base64url'),
  });
}

function password(): string {
  return randomBytes(24).toString('base64url');
}
