import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';

/** One commit of a table's Delta log, as far as the tests look at it. */
export interface DeltaCommit {
  readonly version: number;
  /** `MERGE`, `CREATE TABLE`, `ADD COLUMNS`, … */
  readonly operation: string;
  /** Transaction number of the writing statement; test lakes stay far below 2^53. */
  readonly txn: number | undefined;
  /** What our statements write as userMetadata. */
  readonly lane: string | undefined;
  readonly run: string | undefined;
}

const action = z.object({
  commitInfo: z.object({ operation: z.string(), userMetadata: z.string().optional() }).optional(),
  txn: z.object({ version: z.number() }).optional(),
});
/** Maintenance names itself and no lane. */
const ours = z.object({ lane: z.string().optional(), run: z.string().optional() });

/** Commits in order of every table of the lake in this folder, by `<topic>/<type>`. */
export function readCommits(lakeFolder: string, domain: string): ReadonlyMap<string, readonly DeltaCommit[]> {
  const root = join(lakeFolder, 'commcare', domain);
  const tables = new Map<string, readonly DeltaCommit[]>();
  for (const topic of folders(root)) {
    for (const type of folders(join(root, topic))) {
      tables.set(`${topic}/${type}`, commitsOf(join(root, topic, type, '_delta_log')));
    }
  }
  return tables;
}

function folders(path: string): string[] {
  if (!existsSync(path)) return [];
  return readdirSync(path).sort();
}

function commitsOf(log: string): DeltaCommit[] {
  if (!existsSync(log)) return [];
  return readdirSync(log)
    .filter((name) => /^\d{20}\.json$/.test(name))
    .sort()
    .map((name) => commitOf(Number(name.slice(0, 20)), readFileSync(join(log, name), 'utf8')));
}

function commitOf(version: number, text: string): DeltaCommit {
  const actions = text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => action.parse(JSON.parse(line)));
  const info = actions.map((each) => each.commitInfo).find((each) => each !== undefined);
  const metadata = info?.userMetadata === undefined ? undefined : ours.parse(JSON.parse(info.userMetadata));
  return {
    version,
    operation: info?.operation ?? '',
    txn: actions.map((each) => each.txn?.version).find((each) => each !== undefined),
    lane: metadata?.lane,
    run: metadata?.run,
  };
}
