import { randomUUID } from 'node:crypto';
import { stringify } from 'yaml';
import type { FreshLake } from './fresh-lake.js';

/** A lake of cases alone: two tables, few rows, so that a batch is cheap and its end easy to tell. */
export function casesConfig(domain: string): string {
  return stringify({ domains: { [domain]: { cases: { child: {}, mother: {} } } } });
}

/** All messages in one partition, so that their order and the batches cut from them are certain. */
export const ONE_PARTITION = { 'form-sql': 1, 'case-sql': 1, location: 1 } as const;

export async function createCases(
  lake: FreshLake,
  type: string,
  count: number,
  ownerId = 'owner',
): Promise<string[]> {
  const blocks = Array.from({ length: count }, (_, index) => ({
    caseId: randomUUID(),
    create: { type, name: `${type} ${index}`, ownerId },
    update: { weight: String(2 + index / 10), village: 'Rampur' },
  }));
  await lake.hq.submitCases(lake.domain, blocks);
  return blocks.map((block) => block.caseId);
}

export async function updateCases(
  lake: FreshLake,
  ids: readonly string[],
  update: Readonly<Record<string, string>>,
): Promise<void> {
  await lake.hq.submitCases(
    lake.domain,
    ids.map((caseId) => ({ caseId, update })),
  );
}

/** A few rows in both tables, ingested: what the tests then change. */
export interface CaseDomain {
  readonly children: readonly string[];
  readonly mothers: readonly string[];
}

export async function loadCases(lake: FreshLake): Promise<CaseDomain> {
  const children = await createCases(lake, 'child', 6);
  const mothers = await createCases(lake, 'mother', 4);
  return { children, mothers };
}
