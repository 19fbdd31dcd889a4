import { execFileSync } from 'node:child_process';
import { closeSync, openSync, rmSync, statfsSync, writeSync } from 'node:fs';
import { join } from 'node:path';

/** Enough for what a run writes; little enough to be filled in no time. */
const MEGABYTES = 96;
const BALLAST = '.ballast';

/** The folders whose disk can be made full. */
export type DiskName = 'staging' | 'lake';

/**
 * File systems of a few megabytes (tmpfs) in place of a lake's folders. A mount is the one way to a disk that is really full:
 * a limit of a process's file sizes says EFBIG to one process, and neither ENOSPC nor anything to Spark's. It needs Linux and root.
 */
export class SmallDisk {
  readonly #folders: Readonly<Record<DiskName, string>>;

  private constructor(folders: Readonly<Record<DiskName, string>>) {
    this.#folders = folders;
  }

  /** The folders must be empty. @returns undefined where this machine allows no mount */
  static mount(folders: Readonly<Record<DiskName, string>>): SmallDisk | undefined {
    const disk = new SmallDisk(folders);
    try {
      for (const folder of Object.values(folders)) {
        const how = ['-t', 'tmpfs', '-o', `size=${MEGABYTES}m,mode=700`, 'tmpfs', folder];
        execFileSync('mount', how, { stdio: 'ignore' });
      }
      return disk;
    } catch {
      disk.unmount();
      return undefined;
    }
  }

  /** Not a byte is left. */
  fill(name: DiskName): void {
    const file = openSync(join(this.#folders[name], BALLAST), 'a');
    const piece = Buffer.alloc(4096);
    try {
      for (;;) writeSync(file, piece);
    } catch (thrown) {
      if ((thrown as NodeJS.ErrnoException).code !== 'ENOSPC') throw thrown;
    } finally {
      closeSync(file);
    }
  }

  /** Others may have deleted something and so made room again. */
  isFull(name: DiskName): boolean {
    return statfsSync(this.#folders[name]).bavail === 0;
  }

  free(name: DiskName): void {
    rmSync(join(this.#folders[name], BALLAST), { force: true });
  }

  unmount(): void {
    for (const folder of Object.values(this.#folders)) {
      try {
        execFileSync('umount', ['-l', folder], { stdio: 'ignore' });
      } catch {
        // It was not mounted.
      }
    }
  }
}
