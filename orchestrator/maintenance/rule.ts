import type { LiveFile } from '../commit/live-files.js';
import type { FileCounts } from '../ledger/maintenance.js';
import type { PartitionValues } from '../sql/maintenance.js';

/** When a partition is rewritten, and into what. The numbers are measured: decision 0024. */
export interface OptimizeRule {
  /** Files are filled up to so many bytes. */
  readonly maxFileBytes: number;
  /** A smaller file is a small one. */
  readonly minFileBytes: number;
  /** So many small files make a partition due … */
  readonly smallFiles: number;
  /**
   * … if their number squared is this many per megabyte that would be rewritten. Each spare file costs a merge 16 ms, a
   * megabyte costs OPTIMIZE 0.3 s: then it is paid back by as many merges as there were files.
   */
  readonly squaredPerMb: number;
  /** A merge reads the keys of every partition: so many small files in all, above one per partition, make those due … */
  readonly tableSmallFiles: number;
  /** … that have so many. */
  readonly smallFilesThen: number;
  /** So large a share of its rows marked as deleted makes a partition due … */
  readonly deletedShare: number;
  /** … when it has so many bytes at least: in a smaller one they cost nothing that could be measured. */
  readonly deletedBytes: number;
  /** Of a due partition, files with a larger share than this are rewritten too. */
  readonly deletedShareOfFile: number;
  /** Partitions go into one statement up to so many bytes, for so long a merge may have to wait; one goes always. */
  readonly bytesAtOnce: number;
}

const MB = 1024 * 1024;

export const OPTIMIZE_RULE: OptimizeRule = {
  maxFileBytes: 256 * MB,
  minFileBytes: 64 * MB,
  smallFiles: 32,
  squaredPerMb: 19,
  tableSmallFiles: 256,
  smallFilesThen: 8,
  deletedShare: 0.5,
  deletedBytes: 64 * MB,
  deletedShareOfFile: 0.1,
  bytesAtOnce: 512 * MB,
};

/** What the files of one partition come to. */
export interface Partition extends FileCounts {
  readonly values: PartitionValues;
  /** `month=2026-01-01`; '' is a table without partitions. */
  readonly label: string;
  readonly smallFiles: number;
  readonly rows: number;
  /** What OPTIMIZE would read and write of it, at most. */
  readonly rewrittenBytes: number;
}

/** A partition that is to be rewritten, and why. */
export interface DuePartition extends Partition {
  readonly reason: string;
}

/** Partitions by label. */
function partitionsOf(files: readonly LiveFile[], rule: OptimizeRule): Partition[] {
  const groups = new Map<string, LiveFile[]>();
  for (const file of files) {
    const label = labelOf(file.partition);
    const group = groups.get(label);
    if (group === undefined) groups.set(label, [file]);
    else group.push(file);
  }
  return [...groups]
    .map(([label, own]) => ({
      ...{ label, values: own[0]?.partition ?? {}, ...countsOf(own) },
      smallFiles: own.filter((file) => file.bytes < rule.minFileBytes).length,
      rows: own.reduce((sum, file) => sum + (file.rows ?? 0), 0),
      rewrittenBytes: own
        .filter((file) => file.bytes < rule.minFileBytes || isHollow(file, rule))
        .reduce((sum, file) => sum + file.bytes, 0),
    }))
    .sort((a, b) => (a.label < b.label ? -1 : 1));
}

/** Null is Hive's word for it, as the folder of such a partition has it. */
export function labelOf(partition: PartitionValues): string {
  return Object.entries(partition)
    .map(([column, value]) => `${column}=${value ?? '__HIVE_DEFAULT_PARTITION__'}`)
    .join('/');
}

export function countsOf(files: readonly LiveFile[]): FileCounts {
  return {
    files: files.length,
    bytes: files.reduce((sum, file) => sum + file.bytes, 0),
    vectors: files.filter((file) => file.deletedRows > 0).length,
    deletedRows: files.reduce((sum, file) => sum + file.deletedRows, 0),
  };
}

/** The partitions that pay for being rewritten now, those with most to gain first. */
export function duePartitions(
  files: readonly LiveFile[],
  rule: OptimizeRule = OPTIMIZE_RULE,
): DuePartition[] {
  const partitions = partitionsOf(files, rule);
  const isTableDue = areManyInAll(partitions, rule);
  return partitions
    .flatMap((partition): DuePartition[] => {
      const reason = whyDue(partition, isTableDue, rule);
      return reason === undefined ? [] : [{ ...partition, reason }];
    })
    .sort(
      (a, b) => b.smallFiles - a.smallFiles || b.deletedRows - a.deletedRows || (a.label < b.label ? -1 : 1),
    );
}

function areManyInAll(partitions: readonly Partition[], rule: OptimizeRule): boolean {
  const spare = partitions.reduce((sum, { smallFiles }) => sum + Math.max(0, smallFiles - 1), 0);
  const bytes = partitions
    .filter(({ smallFiles }) => smallFiles >= rule.smallFilesThen)
    .reduce((sum, { rewrittenBytes }) => sum + rewrittenBytes, 0);
  return spare >= rule.tableSmallFiles && isPaidBack(spare, bytes, rule);
}

function whyDue(
  { smallFiles, rows, deletedRows, bytes, rewrittenBytes }: Partition,
  isTableDue: boolean,
  rule: OptimizeRule,
): string | undefined {
  const isDue = smallFiles >= rule.smallFiles && isPaidBack(smallFiles, rewrittenBytes, rule);
  if (isDue || (isTableDue && smallFiles >= rule.smallFilesThen)) return `${smallFiles} small files`;
  const share = rows === 0 ? 0 : deletedRows / rows;
  if (share >= rule.deletedShare && bytes >= rule.deletedBytes)
    return `${Math.round(share * 100)} % of the rows are deleted ones`;
  return undefined;
}

function isPaidBack(files: number, rewrittenBytes: number, rule: OptimizeRule): boolean {
  return files ** 2 >= (rule.squaredPerMb * rewrittenBytes) / MB;
}

function isHollow({ rows, deletedRows }: LiveFile, rule: OptimizeRule): boolean {
  return rows !== null && rows > 0 && deletedRows / rows > rule.deletedShareOfFile;
}

/** Due partitions in statements, in their order: each as many as a merge may have to wait for. */
export function inStatements(
  due: readonly DuePartition[],
  rule: OptimizeRule = OPTIMIZE_RULE,
): DuePartition[][] {
  const statements: DuePartition[][] = [];
  let bytes = 0;
  for (const partition of due) {
    const open = statements.at(-1);
    if (open === undefined || bytes + partition.rewrittenBytes > rule.bytesAtOnce) {
      statements.push([partition]);
      bytes = 0;
    } else open.push(partition);
    bytes += partition.rewrittenBytes;
  }
  return statements;
}

/** When VACUUM pays: it lists the whole table, however little it finds. */
export interface VacuumRule {
  /** So many files that can be deleted make it due … */
  readonly files: number;
  /** … or so large a share of the table's bytes … */
  readonly share: number;
  /** … or any file at all after so many days. */
  readonly anyAfterDays: number;
  /** Between two of them. */
  readonly everyHours: number;
}

export const VACUUM_RULE: VacuumRule = { files: 100, share: 0.25, anyAfterDays: 30, everyHours: 20 };

export interface VacuumFacts {
  /** Files that are old enough to be deleted, by the log. */
  readonly removable: { readonly files: number; readonly bytes: number; readonly isPartial: boolean };
  readonly tableBytes: number;
  /** Null: there was none yet. */
  readonly hoursSinceLast: number | null;
}

/** @returns why it is due; undefined: it is not */
export function whyVacuum(
  { removable, tableBytes, hoursSinceLast }: VacuumFacts,
  rule: VacuumRule = VACUUM_RULE,
): string | undefined {
  if (hoursSinceLast !== null && hoursSinceLast < rule.everyHours) return undefined;
  const { files, bytes, isPartial } = removable;
  if (files >= rule.files) return `${files} files can go`;
  if (files > 0 && bytes >= rule.share * tableBytes) return `${files} files of ${bytes} bytes can go`;
  const isLongAgo = hoursSinceLast === null || hoursSinceLast >= rule.anyAfterDays * 24;
  if ((files > 0 || isPartial) && hoursSinceLast !== null && isLongAgo)
    return `the last one was ${rule.anyAfterDays} days ago`;
  if (isPartial && hoursSinceLast === null)
    return 'there was none yet, and the log is shorter than the table is old';
  return undefined;
}
