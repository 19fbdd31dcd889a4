import assert from 'node:assert/strict';
import { test } from 'node:test';
import { casesConfig, createCases, loadCases, updateCases } from '../helpers/case-domain.js';
import { claimingDriver, driverLog, untilFrozen, untilGone } from '../helpers/driver-process.js';
import { requireExactlyOnce, requireNothingLeft } from '../helpers/exactly-once.js';
import { freshLake } from '../helpers/fresh-lake.js';
import { startRestProxy } from '../helpers/rest-proxy.js';

/** The shortest the configuration takes. */
const LEASE = { RUN_LEASE_SECONDS: '5' };

for (const commit of [1, 2]) {
  test(`a driver frozen before its commit ${commit}, whose batch another driver does, is refused when it thaws`, async (t) => {
    const lake = await freshLake(t, { cold: true, config: casesConfig, env: LEASE });
    const { children, mothers } = await loadCases(lake);
    await lake.ingestAll(['case-sql']);
    await updateCases(lake, [...children, ...mothers], { weight: '7' });
    await createCases(lake, 'child', 2);

    const first = lake.start('case-sql', { SPARK_DRIVER_FAULT: `freeze-before-commit:${commit}` });
    const frozen = await claimingDriver(lake);
    t.after(() => {
      endByPid(frozen.pid);
    });
    await untilFrozen(frozen);
    // The next orchestrator has no fault to hand on, and its wish to kill the stalled host does not arrive.
    first.kill('SIGKILL');
    await first.ended;
    const proxy = await startRestProxy(t, (act) => (act === 'kill' ? 'swallow' : 'pass'));
    await lake.ingestAll(['case-sql'], { SPARK_REST_URLS: proxy.url });
    assert.ok(proxy.acts.includes('kill'), 'the frozen driver was given up');
    await lake.requireEqual();
    await requireExactlyOnce(lake);
    const versions = lake.deltaVersions();

    process.kill(frozen.pid, 'SIGCONT');
    await untilGone(frozen);
    assert.match(driverLog(frozen), /was given to another: halting with 11/);
    assert.deepEqual(lake.deltaVersions(), versions, 'the thawed driver added no commit');
    await lake.requireEqual();
    await requireExactlyOnce(lake);
    await requireNothingLeft(lake, ['case-sql']);
  });
}

function endByPid(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended, as it should.
  }
}
