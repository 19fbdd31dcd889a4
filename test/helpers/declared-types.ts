import assert from 'node:assert/strict';
import { parseDeclaredType } from '../../orchestrator/config/declared-type.js';
import type { DeclaredTypes } from '../../orchestrator/config/table-config.js';

/** Types as `types:` of lake.yaml declares them. */
export function declaredTypes(declared: Readonly<Record<string, string>>): DeclaredTypes {
  return new Map(
    Object.entries(declared).map(([name, text]) => [name, parseDeclaredType(text) ?? assert.fail(text)]),
  );
}
