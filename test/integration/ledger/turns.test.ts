import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { LedgerDatabase } from '../../../orchestrator/ledger/database.js';
import { insertRun, voidRun } from '../../../orchestrator/ledger/runs.js';
import { isTurnFree, takeTurn } from '../../../orchestrator/ledger/turns.js';
import { openLedger, type FreshLedger } from './fresh-ledger.js';

describe('turns of runs on executors', () => {
  let ledger: FreshLedger;
  before(async () => {
    ledger = await openLedger();
  });
  after(async () => {
    await ledger.close();
  });

  test('of many that ask at once one gets the turn, and the next when its run has ended', async () => {
    const { database } = ledger;
    const asked = await Promise.all(Array.from({ length: 20 }, (_, index) => ask(database, `run-${index}`)));
    assert.equal(asked.filter((got) => got).length, 1);
    const holder = `run-${asked.indexOf(true)}`;
    assert.equal(await isTurnFree(database), false);

    assert.equal(await voidRun(database, holder, 'submitted', 'lost'), true);
    assert.equal(await isTurnFree(database), true);
    assert.equal(await ask(database, 'later'), true);
    assert.equal(await ask(database, 'too-late'), false);
  });

  test('a run in one JVM neither has a turn nor waits for one; a run that nobody tends holds up nobody', async () => {
    const { database } = ledger;
    await database.query("UPDATE run SET state = 'done'");
    await database.transaction((tx) => insertRun(tx, { ...NEW, id: 'local' }, []));
    assert.equal(await isTurnFree(database), true);

    assert.equal(await ask(database, 'tended'), true);
    await database.query(
      "UPDATE run SET state = 'claimed', heartbeat_at = now() - interval '1 minute' WHERE id = 'tended'",
    );
    assert.equal(await isTurnFree(database), false);
    await database.query("UPDATE run SET heartbeat_at = now() - interval '3 minutes' WHERE id = 'tended'");
    assert.equal(await isTurnFree(database), true);

    assert.equal(await ask(database, 'unclaimed'), true);
    await database.query("UPDATE run SET created_at = now() - interval '11 minutes' WHERE id = 'unclaimed'");
    assert.equal(await isTurnFree(database), true);
  });
});

const NEW = { batchId: null, token: 'token', path: 'path', runFile: 'file:///run.json' };

function ask(database: LedgerDatabase, id: string): Promise<boolean> {
  return database.transaction(async (tx) => {
    if (!(await takeTurn(tx))) return false;
    await insertRun(tx, { ...NEW, id, onExecutors: true }, []);
    return true;
  });
}
