import { unlessIdle } from '../moments.js';
import type { DiskName } from '../small-disk.js';
import type { Injector, Scene } from './injector.js';

/** Lasts until somebody has run into it. */
export function diskFull(name: DiskName): Injector {
  return {
    async inject(scene) {
      const { disk } = scene;
      if (disk === undefined) return undefined;
      const heard = linesOfTrouble(scene);
      disk.fill(name);
      const noticed = await unlessIdle(scene.lake, scene.ends, 'the full disk is noticed', () => {
        if (!disk.isFull(name)) disk.fill(name);
        return linesOfTrouble(scene) > heard;
      });
      if (!noticed) {
        disk.free(name);
        return undefined;
      }
      return () => {
        disk.free(name);
        return Promise.resolve();
      };
    },
  };
}

export const s3Refuses: Injector = {
  async inject(scene) {
    const { s3 } = scene;
    if (s3 === undefined) return undefined;
    const heard = linesOfTrouble(scene);
    await s3.shut();
    const noticed = await unlessIdle(
      scene.lake,
      scene.ends,
      'the refusing S3 is noticed',
      () => linesOfTrouble(scene) > heard,
    );
    if (!noticed) await s3.open();
    return noticed ? () => s3.open() : undefined;
  },
};

const SLOW_MS = 150;

export const s3Slow: Injector = {
  inject({ lake, ends, s3 }) {
    if (s3 === undefined) return Promise.resolve(undefined);
    s3.slow(SLOW_MS);
    return Promise.resolve(async () => {
      // Two batches' way is enough; slower than this all that is left would take minutes.
      const before = await committed(lake);
      await unlessIdle(
        lake,
        ends,
        'a batch is committed all the same',
        async () => (await committed(lake)) > before,
      );
      s3.slow(0);
    });
  },
};

async function committed(lake: Scene['lake']): Promise<number> {
  const answer = await lake.ledger
    .query("SELECT 1 FROM batch WHERE state = 'committed'")
    .catch(() => undefined);
  return answer?.rowCount ?? 0;
}

/** Warnings and errors that the orchestrators have logged so far. */
function linesOfTrouble({ manager }: Scene): number {
  return manager
    .logs()
    .reduce((sum, { text }) => sum + (text.match(/"level":"(?:warn|error)"/g)?.length ?? 0), 0);
}
