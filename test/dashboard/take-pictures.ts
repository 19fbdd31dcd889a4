import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PACKAGE_ROOT } from '../../orchestrator/package-root.js';
import { openBrowser } from '../helpers/chromium.js';
import { logIn, settled } from './show/log-in.js';
import { openShow } from './show/open-show.js';
import { shownPages, type ShownPage } from './show/pages.js';
import { smallerPng } from './show/smaller-png.js';

const CHART_MS = 500;
const SCHEMES = ['light', 'dark'] as const;

/**
 * Pictures of every page, light and dark, and the page of the documentation that shows them: `npm run screenshots`. With
 * words only those whose name holds one are taken; with `--serve` the shown lake stays up to look at, or to work on the
 * dashboard before it.
 */
export async function takePictures(words: readonly string[]): Promise<void> {
  const show = await openShow({ isPicture: true });
  try {
    if (words.includes('--serve')) {
      process.stdout.write(`${show.api.url}\n${JSON.stringify(show.api.tokens, null, 2)}\n`);
      await new Promise((resolve) => process.once('SIGINT', resolve).once('SIGTERM', resolve));
      return;
    }
    const pages = shownPages(show.haltedBatch);
    const folder = join(PACKAGE_ROOT, 'deploy', 'screenshots');
    if (words.length === 0) await rm(folder, { recursive: true, force: true });
    await mkdir(folder, { recursive: true });
    const browser = await openBrowser();
    try {
      for (const scheme of SCHEMES) {
        const { page, context } = await logIn(browser, show.api, 'admin', { scheme });
        for (const each of pages) {
          if (words.length > 0 && !words.some((word) => each.name.includes(word))) continue;
          await page.goto(each.path);
          await settled(page);
          if (each.region !== undefined)
            await page.getByRole('region', { name: each.region }).scrollIntoViewIfNeeded();
          // Charts are drawn after their size was measured; a picture may wait for that, a test may not.
          await page.waitForTimeout(CHART_MS);
          await writeFile(join(folder, `${each.name}-${scheme}.png`), smallerPng(await page.screenshot()));
        }
        await context.close();
      }
    } finally {
      await browser.close();
    }
    await writeFile(join(PACKAGE_ROOT, 'deploy', 'dashboard.md'), describe(pages));
    process.stdout.write(`${(await readdir(folder)).length} pictures in deploy/screenshots\n`);
  } finally {
    await show.close();
  }
}

function describe(pages: readonly ShownPage[]): string {
  const rows = pages.map(
    ({ name, title }) =>
      `## ${title}\n\n| light | dark |\n| --- | --- |\n| ![${title}, light](screenshots/${name}-light.png) | ![${title}, dark](screenshots/${name}-dark.png) |\n`,
  );
  return `# The dashboard\n\nPictures of every page, made by \`npm run screenshots\` from a lake with one halted table; offsets and numbers are made up.\n\n${rows.join('\n')}`;
}
