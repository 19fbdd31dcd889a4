import { CHANGES, findChange } from '../hq-sim/changes.js';
import { withHq } from '../hq-sim/session.js';

/** How often each kind of change happens; 3 where nothing else stands. */
const COUNTS: Readonly<Record<string, number>> = {
  submit: 60,
  enrol: 20,
  edit: 40,
  archive: 20,
  delete: 20,
  'update-case': 40,
  'delete-case': 20,
  'delete-user': 1,
  // There are few districts; in HQ's rows a renamed one looks like a moved one, and what stands below it is left open.
  'rename-location': 1,
};
/** HQ's rows do not tell it from a move: every place below would be left out of the proof. */
const LIKE_A_MOVE = 'rename-location-type';

/** Lets every kind of change happen in HQ, the same ones each time. @returns the number of documents changed */
export async function letThingsHappen(dir: string): Promise<number> {
  return await withHq(dir, async (hq, domain) => {
    let changed = 0;
    for (const kind of Object.keys(CHANGES)) {
      if (kind === LIKE_A_MOVE) continue;
      const picker = { domain, count: COUNTS[kind] ?? 3, salt: `demo ${kind}` };
      changed += (await findChange(kind)?.act(hq, picker))?.length ?? 0;
    }
    return changed;
  });
}
