import { identifier } from './identifier.js';
import { literal } from './literal.js';
import { fillTemplate } from './template.js';
import { joinSql, sql, type Sql } from './text.js';

/** Values by partition column, as the Delta log has them; no entries: a table without partitions. */
export type PartitionValues = Readonly<Record<string, string | null>>;

export interface OptimizeToRender {
  /** Goes into the commit's userMetadata, by which it is found again. */
  readonly maintenanceId: bigint;
  readonly url: string;
  readonly partitions: readonly PartitionValues[];
  readonly maxFileBytes: number;
  readonly minFileBytes: number;
  /** A larger file is rewritten as well when more of its rows than this share are deleted. */
  readonly deletedShare: number;
}

/** Compacts these partitions of a table and no others. */
export function renderOptimize(optimize: OptimizeToRender): Sql {
  const { maintenanceId, url, partitions, maxFileBytes, minFileBytes, deletedShare } = optimize;
  const conditions = partitions.map(conditionOf).filter((condition) => condition !== undefined);
  const script = fillTemplate('maintenance/optimize', {
    metadata: metadataOf(maintenanceId),
    max_file_bytes: sql`${Math.round(maxFileBytes)}`,
    min_file_bytes: sql`${Math.round(minFileBytes)}`,
    deleted_share: sql`${deletedShare}`,
    path: identifier(url),
    where: conditions.length === 0 ? sql`` : sql`\nWHERE ${joinSql(conditions, '\n  OR ')}`,
  });
  return sql`${script}\n`;
}

export interface VacuumToRender {
  readonly maintenanceId: bigint;
  readonly url: string;
  readonly keepHours: number;
}

/** Deletes what no version of the last hours needs. */
export function renderVacuum({ maintenanceId, url, keepHours }: VacuumToRender): Sql {
  const script = fillTemplate('maintenance/vacuum', {
    metadata: metadataOf(maintenanceId),
    path: identifier(url),
    hours: sql`${Math.ceil(keepHours)}`,
  });
  return sql`${script}\n`;
}

/** Undefined: a table without partitions, all of which is meant. */
function conditionOf(partition: PartitionValues): Sql | undefined {
  const parts = Object.entries(partition).map(([column, value]) =>
    value === null
      ? sql`${identifier(column)} IS NULL`
      : sql`CAST(${identifier(column)} AS STRING) = ${literal(value)}`,
  );
  return parts.length === 0 ? undefined : sql`(${joinSql(parts, ' AND ')})`;
}

function metadataOf(maintenanceId: bigint): Sql {
  return JSON.stringify({ maintenance: maintenanceId.toString() }) as Sql;
}
