import type { LastMaintenance } from '../../ledger/maintenance.js';
import type { TableLook } from '../../maintenance/look-at-table.js';
import type { TableDetail } from '../schemas/lake.js';

type Maintenance = TableDetail['maintenance'];

/** What was last done to a table's files, and what would pay now. */
export function maintenanceOf({ optimized, vacuumed, due }: TableLook): Maintenance {
  return {
    optimized: endedOf(optimized),
    vacuumed: endedOf(vacuumed),
    due:
      due?.map(({ label, reason, files, bytes }) => ({
        ...{ partition: label, reason, files },
        bytes: String(bytes),
      })) ?? null,
  };
}

function endedOf(last: LastMaintenance | null): Maintenance['optimized'] {
  if (last === null) return null;
  return {
    job: `maintenance-${last.id}`,
    ...{ state: last.state, at: last.endedAt, failure: last.failure },
    ...{ filesBefore: last.filesBefore, filesAfter: last.filesAfter, filesDeleted: last.filesVacuumed },
    bytesDeleted: last.bytesVacuumed === null ? null : String(last.bytesVacuumed),
  };
}
