import type { Browser, BrowserContext, Page } from 'playwright-core';
import type { TokenRole } from '../../../orchestrator/ledger/api-tokens.js';
import type { ApiUnderTest } from '../../helpers/api-under-test.js';

export interface LoggedIn {
  readonly page: Page;
  readonly context: BrowserContext;
  /** What the page's console called an error, and what it threw: must stay empty. */
  readonly faults: readonly string[];
}

/** A browser of its own for a role, logged in. */
export async function logIn(
  browser: Browser,
  api: ApiUnderTest,
  role: TokenRole,
  { scheme = 'light', path = '/' }: { readonly scheme?: 'light' | 'dark'; readonly path?: string } = {},
): Promise<LoggedIn> {
  const context = await browser.newContext({
    baseURL: api.url,
    colorScheme: scheme,
    reducedMotion: 'reduce',
    viewport: { width: 1280, height: 800 },
    timezoneId: 'UTC',
  });
  const page = await context.newPage();
  const faults: string[] = [];
  page.on('pageerror', (error) => faults.push(error.message));
  page.on('console', (message) => {
    // A status that the page shows in its own words is told by the browser as an error too.
    if (message.type() === 'error' && !message.text().startsWith('Failed to load resource'))
      faults.push(message.text());
  });
  // As the login page does; that page itself has a test of its own.
  const answer = await context.request.post('/api/v1/session', { data: { token: api.tokens[role] } });
  if (!answer.ok()) throw new Error(`the login was refused: ${await answer.text()}`);
  await page.goto(path);
  return { page, context, faults };
}

/** Waits until the page stands: its heading or its problem is there, and no grey bars are. */
export async function settled(page: Page): Promise<void> {
  await page.getByRole('main').locator('h1, [role=alert]').first().waitFor();
  await page.getByLabel('Loading').first().waitFor({ state: 'detached' });
}
