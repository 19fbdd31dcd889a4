import assert from 'node:assert/strict';
import { once } from 'node:events';
import { after, before, describe, test } from 'node:test';
import { LedgerDatabase } from '../../../orchestrator/ledger/database.js';
import {
  acquireLeases,
  releaseLeases,
  renewLeases,
  requireLease,
  withLeases,
} from '../../../orchestrator/ledger/leases.js';
import { pick, seeded, shuffled } from '../../helpers/seeded.js';
import { expire, lease, openLedger, type FreshLedger } from './fresh-ledger.js';

describe('leases', () => {
  let ledger: FreshLedger;
  before(async () => {
    ledger = await openLedger();
  });
  after(async () => {
    await ledger.close();
  });

  test('of two takers at once exactly one gets it', async () => {
    const takers = Array.from({ length: 10 }, (_, index) =>
      acquireLeases(ledger.database, ['one'], `p${index}`),
    );
    const holders = (await Promise.all(takers)).filter((held) => held !== undefined);
    assert.equal(holders.length, 1);
  });

  test('a process that stands still inside a transaction holds others up for a lease’s time, not for ever', async () => {
    const stuck = new LedgerDatabase(ledger.databaseUrl, { leaseSeconds: 1 });
    let isTaken: (() => void) | undefined;
    const taken = new Promise<void>((resolve) => (isTaken = resolve));
    let goOn: (() => void) | undefined;
    const stands = stuck.transaction(async (tx) => {
      await tx.query("INSERT INTO lease (name, owner, token, expires_at) VALUES ('stuck', 'a', 1, now())");
      isTaken?.();
      await new Promise<void>((resolve) => (goOn = resolve));
    });
    const refused = assert.rejects(stands, { code: 'LEDGER_FAILED' });
    await taken;
    assert.equal((await lease(ledger.database, 'stuck', 'b')).owner, 'b');
    goOn?.();
    await refused;
    await stuck.close();
  });

  test('a released one is free at once, and each holder has a larger token', async () => {
    const first = await lease(ledger.database, 'token', 'a');
    assert.equal(await acquireLeases(ledger.database, ['token'], 'b'), undefined);
    await releaseLeases(ledger.database, [first]);
    const second = await lease(ledger.database, 'token', 'b');
    assert.ok(second.token > first.token);
    await releaseLeases(ledger.database, [first]);
    assert.equal(
      await acquireLeases(ledger.database, ['token'], 'c'),
      undefined,
      'an old holder frees nothing',
    );
  });

  test('one that ran out is lost to its holder, whether or not another took it', async () => {
    const held = await lease(ledger.database, 'late', 'a');
    await renewLeases(ledger.database, [held]);
    await expire(ledger.database, 'late');
    await assert.rejects(renewLeases(ledger.database, [held]), { code: 'LEASE_LOST' });
    await assert.rejects(
      ledger.database.transaction((tx) => requireLease(tx, held)),
      { code: 'LEASE_LOST' },
    );
    const next = await lease(ledger.database, 'late', 'b');
    await assert.rejects(renewLeases(ledger.database, [held]), { code: 'LEASE_LOST' });
    await ledger.database.transaction((tx) => requireLease(tx, next));
  });

  test('all names are taken or none', async () => {
    await lease(ledger.database, 'held', 'a');
    assert.equal(await acquireLeases(ledger.database, ['free-1', 'held', 'free-2'], 'b'), undefined);
    const rest = await acquireLeases(ledger.database, ['free-2', 'free-1', 'free-1'], 'c');
    assert.deepEqual(rest?.map((each) => each.name).sort(), ['free-1', 'free-2']);
  });

  test('many takers of many names in any order never deadlock and never share one', async () => {
    const random = seeded(3);
    const names = ['t1', 't2', 't3', 't4', 't5'];
    const holders = new Map<string, number>();
    const take = async (index: number): Promise<void> => {
      for (let round = 0; round < 15; round++) {
        const wanted = shuffled(random, names).slice(0, pick(random, [2, 3, 4]));
        const held = await acquireLeases(ledger.database, wanted, `p${index}`);
        if (held === undefined) continue;
        for (const { name } of held) {
          assert.equal(holders.get(name), undefined, `${name} has two holders`);
          holders.set(name, index);
        }
        for (const { name } of held) holders.delete(name);
        await releaseLeases(ledger.database, held);
      }
    };
    await Promise.all(Array.from({ length: 10 }, (_, index) => take(index)));
  });

  test('a lease required in a transaction can not change hands before its end', async () => {
    const held = await lease(ledger.database, 'kept', 'a');
    let taken: Promise<unknown> = Promise.resolve();
    const order: string[] = [];
    await ledger.database.transaction(async (tx) => {
      await requireLease(tx, held);
      // Its time runs out now, and another asks for it at once: it has to wait for this transaction.
      await tx.query("UPDATE lease SET expires_at = now() - interval '1 second' WHERE name = 'kept'");
      taken = acquireLeases(ledger.database, ['kept'], 'b').then((next) =>
        order.push(`b has ${next?.length ?? 0}`),
      );
      await waitingFor(ledger);
      order.push('a commits');
    });
    await taken;
    assert.deepEqual(order, ['a commits', 'b has 1']);
  });

  test('work is told when its lease is lost', async () => {
    const told = await withLeases(ledger.database, ['watched'], 'a', async (_, signal) => {
      await expire(ledger.database, 'watched');
      await once(signal, 'abort');
      return (signal.reason as { code?: string }).code;
    });
    assert.equal(told, 'LEASE_LOST');
    assert.equal(await withLeases(ledger.database, ['held'], 'z', () => Promise.resolve('ran')), undefined);
  });
});

/** Until a statement waits for a row lock. */
async function waitingFor(ledger: FreshLedger): Promise<void> {
  for (;;) {
    const rows = await ledger.database.query("SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock'");
    if (rows.length > 0) return;
  }
}
