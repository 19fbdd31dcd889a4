import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { test } from 'node:test';
import type { Page } from 'playwright-core';
import { openBrowser } from '../helpers/chromium.js';
import { addTables, fillShow, SHOWN } from './show/fill-show.js';
import { logIn, settled } from './show/log-in.js';
import { openShow } from './show/open-show.js';
import { shownPages } from './show/pages.js';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'];
const MANY = 1000;

interface Violation {
  readonly id: string;
  readonly impact: string | null;
  readonly nodes: readonly { readonly html: string; readonly failureSummary: string }[];
}

/** What the rules forbid on the page as it is shown, as far as a program can see it. */
async function violations(page: Page, rules: readonly string[]): Promise<string[]> {
  // The page's policy forbids scripts in it, which is as it should be; the debugger may run one all the same.
  const session = await page.context().newCDPSession(page);
  await session.send('Runtime.evaluate', { expression: AXE });
  const { result } = await session.send('Runtime.evaluate', {
    expression: `axe.run({ runOnly: ${JSON.stringify(rules)} }).then((found) => JSON.stringify(found.violations))`,
    awaitPromise: true,
    returnByValue: true,
  });
  await session.detach();
  return (JSON.parse(String(result.value)) as Violation[]).map(
    ({ id, impact, nodes }) =>
      `${id} (${String(impact)}): ${nodes.map((node) => `${node.html.slice(0, 160)} ${node.failureSummary}`).join('; ')}`,
  );
}

test('every page', async (t) => {
  const show = await openShow({ isPicture: false, isEmpty: true });
  t.after(() => show.close());
  const browser = await openBrowser();
  t.after(() => browser.close());

  await t.test('of an empty lake says what it is empty of and what to do', async () => {
    const { page, context } = await logIn(browser, show.api, 'viewer');
    for (const [path, words] of [
      ['/', 'Nothing was ingested yet'],
      ['/topics', 'No topic is read yet'],
      ['/tables', 'No table yet'],
      ['/jobs', 'There is no job yet'],
      ['/quarantine', 'No record is set aside'],
      ['/cluster', 'Nothing is paused'],
      ['/no-such-page', 'Nothing is at this address'],
    ] as const) {
      await page.goto(path);
      await page.getByText(words).first().waitFor();
    }
    await context.close();
  });

  const haltedBatch = await fillShow(show.ledger.database);

  await t.test('of a table at its limit of columns tells what has none', async () => {
    const names = Array.from({ length: 7 }, (_, index) => `form__question_${index}`);
    await show.ledger.database.query('UPDATE lake_table SET overflow = $2 WHERE table_name = $1', [
      SHOWN.haltedTable,
      JSON.stringify({ limit: 2_000, names }),
    ]);
    const { page, context } = await logIn(browser, show.api, 'viewer');
    await page.goto(`/tables/${SHOWN.database}/${SHOWN.haltedTable}`);
    const told = page.getByRole('region', { name: 'It has its 2,000 columns' });
    await told.getByText('form__question_4 and 2 or more others').waitFor();
    await context.close();
  });

  await t.test('breaks no rule of WCAG 2.2 AA in light and dark, and its console stays silent', async () => {
    const { page, context, faults } = await logIn(browser, show.api, 'admin');
    // A fault of what stands on every page is told once, with the first.
    const found = new Map<string, string>();
    for (const { name, path } of shownPages(haltedBatch)) {
      await page.emulateMedia({ colorScheme: 'light' });
      await page.goto(path);
      await settled(page);
      assert.equal(await page.getByRole('alert').count(), 0, `${name} shows a problem`);
      assert.match(await page.title(), / · Dimagi Lake$/, name);
      for (const each of await violations(page, RULES)) if (!found.has(each)) found.set(each, name);
      await page.emulateMedia({ colorScheme: 'dark' });
      await page.locator('html[data-mantine-color-scheme=dark]').waitFor();
      // Only colours differ.
      for (const each of await violations(page, ['color-contrast']))
        if (!found.has(each)) found.set(each, `${name}, dark`);
    }
    assert.deepEqual([...found], []);
    assert.deepEqual(faults, []);
    await context.close();
  });

  await t.test('shows the server’s problem with its hint, and the answer after "Try again"', async () => {
    const { page, context } = await logIn(browser, show.api, 'viewer');
    await page.goto('/jobs/batch-999999');
    const problem = page.getByRole('alert');
    await problem.waitFor();
    assert.match(await problem.innerText(), /batch-999999[\s\S]+JOB_UNKNOWN/);

    await page.route('**/api/v1/topics', (route) => route.abort());
    await page.goto('/topics');
    await page.getByText('The Dimagi Lake server does not answer').waitFor();
    await page.unroute('**/api/v1/topics');
    await page.getByRole('button', { name: 'Try again' }).click();
    await page.getByRole('link', { name: 'case-sql' }).waitFor();
    await context.close();
  });

  await t.test(`of ${MANY} tables makes only the rows in sight, down to the last`, async () => {
    await addTables(show.ledger.database, MANY);
    const { page, context } = await logIn(browser, show.api, 'viewer');
    await page.goto('/tables');
    const list = page.getByRole('region', { name: 'Tables' });
    await list.waitFor();
    const row = (at: number): string => `raw_type_${String(at).padStart(4, '0')}_case`;
    await list.getByRole('link', { name: row(1), exact: true }).waitFor();
    // Wheel by wheel, as a person scrolls: the next page is asked for on the way.
    const last = list.getByRole('link', { name: row(MANY), exact: true });
    const most: number[] = [];
    while ((await last.count()) === 0) {
      await list.hover();
      await page.mouse.wheel(0, 4000);
      most.push(await list.getByRole('row').count());
    }
    assert.ok(Math.max(...most) < 80, `${Math.max(...most)} rows were made`);

    await page.keyboard.press('/');
    await page.keyboard.type(row(777));
    await list.getByRole('link', { name: row(777) }).waitFor();
    assert.match(page.url(), /q=raw_type_0777_case/, 'the address holds the search');
    await page.keyboard.press('Escape');
    await page.keyboard.press('j');
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: row(777) }).waitFor();
    await context.close();
  });
});
