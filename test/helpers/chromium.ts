import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { chromium, type Browser } from 'playwright-core';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome'];

/**
 * The system's own Chromium: no browser is downloaded.
 * @throws Error that says how to get one
 */
function chromiumPath(): string {
  const named = process.env['CHROMIUM_PATH'];
  const places = [
    ...(named === undefined ? [] : [named]),
    ...(process.env['PATH'] ?? '')
      .split(delimiter)
      .flatMap((folder) => NAMES.map((name) => join(folder, name))),
  ];
  const found = places.find((place) => existsSync(place));
  if (found !== undefined) return found;
  throw new Error(
    'No Chromium: install it (apt-get install -y chromium) or name one by CHROMIUM_PATH. The dashboard is tested in a real browser.',
  );
}

export async function openBrowser(): Promise<Browser> {
  // As root Chromium has no sandbox; it opens nothing but our own server.
  const args = process.getuid?.() === 0 ? ['--no-sandbox'] : [];
  return chromium.launch({ executablePath: chromiumPath(), args: [...args, '--disable-dev-shm-usage'] });
}
