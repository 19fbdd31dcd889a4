import type { LakeError } from '../errors.js';

/** `1 fault`, `3 faults`. */
export function faultCount(faults: readonly unknown[]): string {
  return faults.length === 1 ? '1 fault' : `${faults.length} faults`;
}

/** The single faults of a CONFIG_INVALID. */
export function faultsOf(error: LakeError): readonly string[] {
  const { faults } = error.facts;
  return Array.isArray(faults) ? faults.map(String) : [error.message];
}
