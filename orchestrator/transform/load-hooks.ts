import type { LakeConfig } from '../config/lake.js';
import { faultCount } from '../config/faults.js';
import { LakeError } from '../errors.js';
import { HookUnusable, loadHook, type Hook } from './hook.js';

const loaded = new WeakMap<LakeConfig, Promise<ReadonlyMap<string, Hook>>>();

/** The hooks of a configuration, loaded once. @throws LakeError CONFIG_INVALID with every hook that can't be used */
export function loadHooks(config: LakeConfig): Promise<ReadonlyMap<string, Hook>> {
  const known = loaded.get(config) ?? loadAll(config);
  loaded.set(config, known);
  return known;
}

async function loadAll({ hooks }: LakeConfig): Promise<ReadonlyMap<string, Hook>> {
  const usable = new Map<string, Hook>();
  const faults: string[] = [];
  for (const [path, text] of hooks) {
    try {
      usable.set(path, await loadHook(path, text));
    } catch (thrown) {
      if (!(thrown instanceof HookUnusable)) throw thrown;
      faults.push(thrown.message);
    }
  }
  if (faults.length === 0) return usable;
  throw new LakeError('CONFIG_INVALID', `The hooks have ${faultCount(faults)}:\n  ${faults.join('\n  ')}`, {
    facts: { faults },
  });
}
