import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Page } from 'playwright-core';
import { openBrowser } from '../helpers/chromium.js';
import { SHOWN } from './show/fill-show.js';
import { logIn } from './show/log-in.js';
import { openShow } from './show/open-show.js';

test('the dashboard', async (t) => {
  const show = await openShow({ isPicture: false });
  t.after(() => show.close());
  const browser = await openBrowser();
  t.after(() => browser.close());
  const { api, ledger, haltedBatch } = show;
  const job = `batch-${haltedBatch}`;

  await t.test(
    'lets nobody in without a token, says why, and leads to the page that was asked for',
    async () => {
      const context = await browser.newContext({ baseURL: api.url });
      const page = await context.newPage();
      await page.goto(`/jobs/${job}`);
      await page.getByLabel('Access token').fill('dl_wrong');
      await page.getByRole('button', { name: 'Log in' }).click();
      assert.match(await page.getByRole('alert').innerText(), /token is wrong/);
      await page.getByLabel('Access token').fill(api.tokens.viewer);
      await page.getByRole('button', { name: 'Log in' }).click();
      await page.getByRole('heading', { name: /^form-sql/ }).waitFor();
      assert.equal(new URL(page.url()).pathname, `/jobs/${job}`);
      const { cookies, origins } = await context.storageState();
      assert.ok(!JSON.stringify([cookies, origins]).includes(api.tokens.viewer), 'the token is kept nowhere');
      assert.deepEqual(
        cookies.map(({ httpOnly, sameSite }) => [httpOnly, sameSite]),
        [[true, 'Strict']],
      );
      await context.close();
    },
  );

  await t.test('shows a viewer what may not be done and why, and an operator no access page', async () => {
    const viewer = await logIn(browser, api, 'viewer', { path: `/jobs/${job}` });
    const retry = viewer.page.getByRole('button', { name: 'Retry' });
    await retry.hover();
    await viewer.page.getByText('Needs the role operator; you are viewer.').waitFor();
    assert.equal(await retry.getAttribute('aria-disabled'), 'true');
    await retry.click({ force: true });
    assert.equal(await viewer.page.getByRole('dialog').count(), 0);
    assert.equal(await viewer.page.getByRole('link', { name: 'Access' }).count(), 0);
    await viewer.page.goto('/access');
    await viewer.page.getByText('Tokens and the audit log are for the role admin').waitFor();
    await viewer.context.close();

    const admin = await logIn(browser, api, 'admin', { path: '/access' });
    await admin.page.getByRole('button', { name: 'New token' }).click();
    await admin.page.getByLabel('Name').fill('night-shift');
    await admin.page.getByRole('button', { name: 'Make the token' }).click();
    const secret = await admin.page.getByRole('dialog').locator('code').innerText();
    await admin.page.getByRole('button', { name: 'I have it' }).click();
    await admin.page.getByRole('cell', { name: 'night-shift' }).waitFor();
    const made = await api.ask('GET', '/api/v1/session', { token: secret });
    assert.deepEqual([made.status, made.json?.['name'], made.json?.['role']], [200, 'night-shift', 'viewer']);
    await admin.context.close();
  });

  await t.test('leads from a lag to the failing job and its retry in three clicks', async () => {
    const { page, context } = await logIn(browser, api, 'operator');
    await page.getByRole('heading', { name: /not moving/ }).waitFor();
    const clicks = countClicks();
    await clicks.on(page.getByRole('link', { name: /form-sql is behind: .*, see why/ }));
    const row = page.getByRole('row').filter({ hasText: job });
    await row.getByText('STATEMENT_SKIPPED').waitFor();
    await clicks.on(row.getByRole('button', { name: 'Retry' }));
    await clicks.on(page.getByRole('dialog').getByRole('button', { name: 'Retry' }));
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    assert.equal(clicks.many(), 3);
    await page.getByRole('link', { name: `Open ${job}` }).waitFor();
    await page.getByRole('heading', { level: 1 }).first().waitFor();
    const [lane] = await ledger.database.query<{ state: string }>(
      `SELECT state FROM lane WHERE batch_id = $1 AND failure_class IS NOT NULL OR (batch_id = $1 AND state = 'failed')`,
      [haltedBatch],
    );
    assert.notEqual(lane?.state, 'halted', 'the lane may be merged again');
    const [noted] = await ledger.database.query<{ reason: string; role: string }>(
      `SELECT reason, role FROM audit_log WHERE target = $1 ORDER BY id DESC LIMIT 1`,
      [job],
    );
    assert.deepEqual(noted, { reason: 'The cause is mended', role: 'operator' });
    await context.close();
  });

  await t.test('leads from a lag to a record that can’t be read and its replay in three clicks', async () => {
    const { page, context } = await logIn(browser, api, 'operator', { path: '/topics/form-sql' });
    const clicks = countClicks();
    await clicks.on(page.getByRole('link', { name: 'the form has no blob' }));
    await clicks.on(
      page
        .getByRole('row')
        .filter({ hasText: 'the form has no blob' })
        .first()
        .getByRole('button', { name: 'Replay' }),
    );
    await page.getByRole('dialog').getByLabel('Reason').fill('its blob was put back');
    await clicks.on(page.getByRole('dialog').getByRole('button', { name: 'Replay' }));
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    assert.ok(clicks.many() <= 3);
    const noted = await ledger.database.query(
      `SELECT 1 FROM audit_log WHERE reason = 'its blob was put back'`,
    );
    assert.equal(noted.length, 1);
    await context.close();
  });

  await t.test(
    'pauses a topic with a reason, and an open page of another reader shows it by itself',
    async () => {
      const reader = await logIn(browser, api, 'viewer', { path: '/topics' });
      await reader.page.getByRole('row').filter({ hasText: 'case-sql' }).waitFor();
      const { page, context } = await logIn(browser, api, 'operator', { path: '/topics/case-sql' });
      await page.getByRole('button', { name: 'Pause' }).click();
      const dialog = page.getByRole('dialog');
      assert.ok(
        await dialog.getByRole('button', { name: 'Pause' }).isDisabled(),
        'no pause without a reason',
      );
      await dialog.getByLabel('Reason').fill('HQ is being upgraded');
      await dialog.getByRole('button', { name: 'Pause' }).click();
      await page.getByRole('button', { name: 'Let it go on' }).waitFor();
      await reader.page.getByRole('row').filter({ hasText: 'case-sql' }).getByText('paused').waitFor();
      await page.getByRole('button', { name: 'Let it go on' }).click();
      await page.getByRole('dialog').getByRole('button', { name: 'Let it go on' }).click();
      await page.getByRole('button', { name: 'Pause', exact: true }).waitFor();
      assert.deepEqual(await ledger.database.query(`SELECT 1 FROM pause WHERE scope = 'topic'`), []);
      await context.close();
      await reader.context.close();
    },
  );

  await t.test(
    'shows why a month is stale, asks for it, and shows the server’s refusal with its mend',
    async () => {
      const { page, context } = await logIn(browser, api, 'operator', { path: `/months/${SHOWN.domain}` });
      await page
        .getByRole('button', { name: /^child_weight_height_form .*: stale/ })
        .first()
        .click();
      await page.getByText(/raw_child_weight_height_form: 14 rows by batch/).waitFor();
      await page.getByRole('button', { name: 'Compute' }).click();
      await page
        .getByRole('dialog', { name: /^Compute child/ })
        .getByRole('button', { name: 'Compute' })
        .click();
      // The shown lake has a ledger and no Delta table: the refusal and its mend stand in the dialog, which stays.
      const problem = page.getByRole('dialog').getByRole('alert');
      await problem.getByText(/The lake has no raw_child_weight_height_form/).waitFor();
      assert.match(await problem.innerText(), /apply it and ingest it[\s\S]*SOURCE_MISSING/);
      await context.close();
    },
  );

  await t.test('counts before a reprocess, starts it once with its reason, shows its job', async () => {
    const { page, context } = await logIn(browser, api, 'operator', {
      path: `/reprocess?domain=${SHOWN.domain}&table=raw_member_case`,
    });
    await page.getByLabel('A month').check();
    await page.getByText('Choose a month.').waitFor();
    await page.getByLabel('All of it').check();
    await page.getByRole('button', { name: 'Count first' }).click();
    const start = page.getByRole('button', { name: 'Read 3,120 records again' });
    await start.waitFor();
    assert.deepEqual(await requests(), [], 'a dry run starts nothing');
    assert.ok(await start.isDisabled(), 'nothing starts without a reason');
    await page.getByLabel('Reason').fill('mended in HQ');
    await start.click();
    await page.getByRole('link', { name: /^Open reprocess-\d+/ }).waitFor();
    await page
      .getByText('waiting')
      .or(page.getByText('running'))
      .or(page.getByText('paused'))
      .first()
      .waitFor();
    assert.deepEqual(await requests(), [{ table: 'raw_member_case', reason: 'mended in HQ' }]);
    await context.close();

    async function requests(): Promise<unknown[]> {
      return ledger.database.query(
        `SELECT scope ->> 'table' AS table, reason FROM reprocess_request WHERE reason = 'mended in HQ'`,
      );
    }
  });

  await t.test('finds tables and jobs by the palette', async () => {
    const { page, context } = await logIn(browser, api, 'viewer');
    await page.getByRole('heading', { name: /form-sql/ }).waitFor();
    await page.keyboard.press('Control+k');
    await page.getByLabel('Find', { exact: true }).fill('weight_height');
    await page
      .getByRole('button', { name: /raw_child_weight_height_form/ })
      .first()
      .waitFor();
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: SHOWN.haltedTable }).waitFor();
    await context.close();
  });
});

function countClicks(): { on(target: ReturnType<Page['locator']>): Promise<void>; many(): number } {
  let many = 0;
  return {
    async on(target) {
      many += 1;
      await target.click();
    },
    many: () => many,
  };
}
