import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { casesConfig, createCases, loadCases, updateCases } from '../helpers/case-domain.js';
import {
  claimingDriver,
  lastWords,
  untilFrozen,
  untilGone,
  type DriverProcess,
} from '../helpers/driver-process.js';
import { requireExactlyOnce, requireNothingLeft } from '../helpers/exactly-once.js';
import { freshLake, type FreshLake } from '../helpers/fresh-lake.js';
import { startRestProxy } from '../helpers/rest-proxy.js';

/** The shortest the configuration takes. */
const LEASE = { RUN_LEASE_SECONDS: '5' };
const CASES = ['case-sql'] as const;
/** Of the thawed driver's threads either wakes first: the heartbeat (11), or the watch over its own lease (12). */
const ENDED_BY_ITSELF = /was given to another: halting with 11|for a whole lease: halting with 12/;

test('a driver that freezes before a commit and thaws after another did its batch is refused', async (t) => {
  const lake = await freshLake(t, { cold: true, config: casesConfig, env: LEASE });
  const domain = await loadCases(lake);
  await lake.ingestAll(CASES);
  for (const commit of [1, 2]) {
    await t.test(
      `frozen before its commit ${commit}: it ends by itself and adds no commit`,
      async (subtest) => {
        await updateCases(lake, [...domain.children, ...domain.mothers], { weight: `7.${commit}` });
        await createCases(lake, 'child', 2);
        const frozen = await freeze(lake, subtest, commit);
        // The next orchestrator has no fault to hand on, and its wish to kill the stalled host does not arrive.
        const proxy = await startRestProxy(subtest, (act) => (act === 'kill' ? 'swallow' : 'pass'));
        await lake.ingestAll(CASES, { SPARK_REST_URLS: proxy.url });
        assert.ok(proxy.acts.includes('kill'), 'the frozen driver was given up');
        await lake.requireEqual();
        await requireExactlyOnce(lake);
        const versions = lake.deltaVersions();

        process.kill(frozen.pid, 'SIGCONT');
        await untilGone(frozen);
        assert.match(lastWords(frozen), ENDED_BY_ITSELF);
        assert.deepEqual(lake.deltaVersions(), versions, 'the thawed driver added no commit');
        await lake.requireEqual();
        await requireNothingLeft(lake, CASES);
      },
    );
  }
});

/** Ingests until the driver has stopped itself before the commit; its orchestrator is killed then. */
async function freeze(lake: FreshLake, t: TestContext, commit: number): Promise<DriverProcess> {
  const orchestrator = lake.start('case-sql', { SPARK_DRIVER_FAULT: `freeze-before-commit:${commit}` });
  const driver = await claimingDriver(lake);
  t.after(() => {
    endByPid(driver.pid);
  });
  await untilFrozen(driver);
  orchestrator.kill('SIGKILL');
  await orchestrator.ended;
  return driver;
}

function endByPid(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended, as it should.
  }
}
