import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Page } from 'playwright-core';
import { loadModels } from '../../orchestrator/aggregation/models/load-models.js';
import { requestAggregation } from '../../orchestrator/aggregation/requests.js';
import { parseStoredConfig, loadLakeConfig } from '../../orchestrator/config/lake.js';
import { cancelJob } from '../../orchestrator/jobs/cancel-job.js';
import { driverLog } from '../../orchestrator/jobs/driver-log.js';
import { jobDetail } from '../../orchestrator/jobs/job-detail.js';
import type { JobParts } from '../../orchestrator/jobs/parts.js';
import { retryJob } from '../../orchestrator/jobs/retry-job.js';
import { jobScripts } from '../../orchestrator/jobs/run-files.js';
import { ConfigVersions } from '../../orchestrator/ledger/config-versions.js';
import { LedgerDatabase } from '../../orchestrator/ledger/database.js';
import { readJobs, type IndexedJob } from '../../orchestrator/ledger/job-index.js';
import { pause, resume } from '../../orchestrator/ledger/pauses.js';
import { livingProcesses } from '../../orchestrator/ledger/processes.js';
import { createLogger } from '../../orchestrator/logger.js';
import { openStorage } from '../../orchestrator/storage/open-storage.js';
import { SparkRest } from '../../orchestrator/submit/spark-rest.js';
import { WorkerLogs } from '../../orchestrator/submit/worker-logs.js';
import { newTokenSecret, sha256 } from '../../orchestrator/api/access/secrets.js';
import { addToken } from '../../orchestrator/ledger/api-tokens.js';
import { openBrowser } from '../helpers/chromium.js';
import { claimingDriver, untilGone } from '../helpers/driver-process.js';
import { freshLake, type Closing, type FreshLake } from '../helpers/fresh-lake.js';
import { startProcess } from '../helpers/orchestrator.js';
import { change, loadSmallProgramme } from '../helpers/small-programme.js';
import { liveDrivers } from '../helpers/spark-drivers.js';
import { stackVariable } from '../helpers/stack-environment.js';
import { until } from '../helpers/until.js';
import { warehouseOf } from '../integration/aggregation/aggregation-facts.js';
import { wrongRows } from '../integration/jobs/job-rows.js';

const ACT = { by: 'asha', reason: 'a test of stopping things' };

/** What the API has in its hands: nothing of the process that does the work. */
function partsOf(lake: FreshLake, database: LedgerDatabase): JobParts {
  const secret = stackVariable('SPARK_REST_SECRET');
  const storage = { S3_ENDPOINT: undefined, AWS_REGION: 'us-east-1' };
  return {
    database,
    checkpoint: openStorage(lake.env['CHECKPOINT_BASE_DIR'] ?? '', {
      ...storage,
      AWS_ACCESS_KEY_ID: undefined,
      AWS_SECRET_ACCESS_KEY: undefined,
      AWS_SESSION_TOKEN: undefined,
    }),
    spark: new SparkRest([stackVariable('SPARK_REST_URLS')], secret),
    workerLogs: new WorkerLogs([stackVariable('SPARK_MASTER_UI_URL')], secret),
    aggregation: null,
    secrets: [secret],
    logger: createLogger({ level: 'error' }),
  };
}

/** An operator at the dashboard that `up` serves, logged in as people do. */
async function atDashboard(t: Closing, database: LedgerDatabase, log: string): Promise<Page> {
  const [, url] = /API and dashboard.*url=(\S+)/.exec(log) ?? [];
  const secret = newTokenSecret();
  const name = `operator-${process.pid}-${Date.now()}`;
  await addToken(database, { name, role: 'operator', sha256: sha256(secret), by: 'test', days: 1 });
  const browser = await openBrowser();
  t.after(() => browser.close());
  const page = await browser.newPage({ baseURL: url ?? '' });
  await page.goto('/');
  await page.getByLabel('Access token').fill(secret);
  await page.getByRole('button', { name: 'Log in' }).click();
  await page.getByRole('navigation').first().waitFor();
  return page;
}

/** As a person does it: the job's page, Cancel, the reason, Cancel. @returns what the page says came of it */
async function cancelAt(page: Page, job: string): Promise<string> {
  await page.goto(`/jobs/${job}`);
  await page.getByRole('button', { name: 'Cancel', exact: true }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByRole('textbox').fill(ACT.reason);
  await dialog.getByRole('button', { name: 'Cancel', exact: true }).last().click();
  const told = page.getByText(/driver-\S+ is gone/);
  await told.waitFor({ timeout: 120_000 });
  return told.innerText();
}

test('up does it all in one process; what is cancelled ends its driver, and goes on when it is retried', async (t) => {
  const lake = await freshLake(t);
  await loadSmallProgramme(lake);
  const up = startProcess('up', ['up'], lake.env);
  t.after(async () => {
    up.kill('SIGKILL');
    await up.ended;
  });
  await up.says('API and dashboard');
  const database = new LedgerDatabase(stackVariable('LEDGER_DATABASE_URL'));
  t.after(() => database.close());
  const parts = partsOf(lake, database);
  const jobOf = async (id: string): Promise<IndexedJob | undefined> => (await readJobs(database, [id]))[0];
  const batches = (where: string): Promise<{ id: bigint }[]> =>
    database.query<{ id: bigint }>(`SELECT id FROM batch WHERE ${where} ORDER BY id`);
  // A first merge of every table by cold drivers; on a machine that is busy with other things minutes pass.
  const allCommitted = (): Promise<boolean> =>
    until(
      'all topics are committed',
      async () => {
        const topics = await database.query("SELECT DISTINCT topic FROM batch WHERE state = 'committed'");
        return topics.length === 3 && (await batches("state <> 'committed'")).length === 0;
      },
      900_000,
    );
  await allCommitted();

  await t.test('it is seen with what it does', async () => {
    const [seen, ...others] = await livingProcesses(database, 15);
    const roles = ['poller', 'workers', 'schedule', 'aggregation', 'maintenance', 'alerts', 'api'];
    assert.deepEqual([seen?.roles, others], [roles, []]);
  });

  await t.test(
    'an aggregation whose driver hangs is cancelled at the dashboard: the driver goes, the request too',
    async (inner) => {
      const page = await atDashboard(inner, database, up.stderr());
      const versions = new ConfigVersions(database, { parse: parseStoredConfig, hashKeyCheck: () => null });
      const months = {
        database,
        models: loadModels(undefined),
        config: loadLakeConfig(lake.env['LAKE_CONFIG'] ?? ''),
        configOf: (id: bigint) => versions.read(id),
      };
      const ask = { domain: lake.domain, table: 'location', month: '2026-01-01', force: false };
      const key = { ...ACT, idempotencyKey: 'once' };
      const { id } = await requestAggregation(months, { ...ask, ...key });
      assert.deepEqual(await requestAggregation(months, { ...ask, ...key }), { id, repeated: true });
      await assert.rejects(
        requestAggregation(months, { ...ask, ...ACT, month: '2999-01-01', idempotencyKey: null }),
        {
          code: 'USAGE',
        },
      );
      const request = `request-${id}`;
      // It hangs, as those do that people cancel; on a quiet machine it would be done before the click.
      const driver = await claimingDriver(lake);
      process.kill(driver.pid, 'SIGSTOP');
      const [child] = (await jobDetail(parts, request)).children;
      assert.ok(child !== undefined);
      const { runs } = await jobDetail(parts, child.id);
      assert.match(runs.at(-1)?.sparkUi ?? '', /logPage\/\?driverId=driver-/);
      assert.match(await cancelAt(page, request), new RegExp(`${driver.id} is gone`));
      assert.deepEqual(
        (await liveDrivers()).filter((each) => each.id === driver.id),
        [],
        'the master has it no more',
      );
      await untilGone(driver);
      assert.deepEqual(
        [(await jobOf(request))?.state, (await jobOf(child.id))?.state],
        ['cancelled', 'cancelled'],
      );
      const log = await driverLog(parts, child.id, { stream: 'stderr', offset: 0 });
      assert.match(log.text, /Launch Command/);
      assert.doesNotMatch(log.text, /"--token" "(?!\*)/);
      assert.equal(log.isLive, false);
      assert.match((await jobScripts(parts, child.id)).scripts[0]?.sql ?? '', /SELECT/);

      const again = await retryJob(parts, request, ACT);
      await until('the retry has published', async () => (await jobOf(again.jobId ?? ''))?.state === 'done');
      assert.ok((await warehouseOf(lake, 'flwc_location')).length > 0);
    },
  );

  await t.test('a batch is cancelled while its driver works, and retried', async () => {
    await change(lake, 'edit', 3);
    const batch = await until('a driver is at a batch', async () => {
      const [run] = await database.query<{ id: bigint }>(
        "SELECT batch_id AS id FROM run WHERE state = 'claimed' AND batch_id IS NOT NULL",
      );
      return run?.id;
    });
    const { message } = await cancelJob(parts, `batch-${batch}`, ACT);
    assert.match(message, /driver-\S+ is gone/);
    const detail = await jobDetail(parts, `batch-${batch}`);
    assert.deepEqual(
      [detail.job.state, detail.cause?.code, detail.can.retry],
      ['cancelled', 'CANCELLED', true],
    );
    await retryJob(parts, `batch-${batch}`, ACT);
    await allCommitted();
    await lake.requireEqual();
  });

  await t.test('paused, nothing is begun; lifted, all of it goes on', async () => {
    await pause(database, { scope: 'queue', name: 'merge', reason: 'test', by: 'asha' });
    await change(lake, 'edit', 1);
    const [waiting] = await until('a batch is staged', async () => {
      const staged = await batches("state = 'staged'");
      return staged.length > 0 ? staged : undefined;
    });
    assert.equal((await jobOf(`batch-${waiting?.id ?? ''}`))?.state, 'paused');
    assert.deepEqual(await database.query('SELECT 1 FROM run WHERE batch_id = $1', [waiting?.id]), []);
    await resume(database, { scope: 'queue', name: 'merge' });
    await allCommitted();
    assert.deepEqual(await wrongRows(database), []);
  });

  up.kill('SIGTERM');
  const { code, stderr } = await up.ended;
  assert.equal(code, 0, stderr);
  assert.deepEqual(await livingProcesses(database, 15), []);
});
