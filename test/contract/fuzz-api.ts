import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PACKAGE_ROOT } from '../../orchestrator/package-root.js';
import { pythonPackages, runPython } from '../oracle/python.js';

/**
 * Asks the API whatever its OpenAPI document allows, and more, and holds each answer against it: its status is listed, its body
 * matches the schema, and nothing is a fault of the server. HQ, Kafka and Spark are away in these tests, so the calls that can
 * answer nothing without them may say 503. One asker: several threads of Python's parser break each other now and then.
 */
const CONFIG = `
[[operations]]
include-path-regex = "^/api/v1/(quarantine/\\\\{id\\\\}/document|tables/.*/rescued|reprocess|migrations)$"
checks.not_a_server_error.expected-statuses = ["2xx", "4xx", 503]
`;
const CHECKS = [
  'not_a_server_error',
  'status_code_conformance',
  'content_type_conformance',
  'response_schema_conformance',
];

export interface Fuzzing {
  /** Of the server. */
  readonly url: string;
  readonly token: string;
  /** Cases per route and phase. */
  readonly examples: number;
  readonly phases: readonly ('coverage' | 'fuzzing')[];
  readonly seed: number;
}

/** @returns whether all answers were right, and the report */
export async function fuzzApi(asked: Fuzzing): Promise<{ isRight: boolean; report: string }> {
  const requirements = join(PACKAGE_ROOT, 'test', 'contract', 'requirements.txt');
  const packages = await pythonPackages('contract', [requirements], process.env);
  const folder = await mkdtemp(join(tmpdir(), 'fuzz-'));
  try {
    await writeFile(join(folder, 'schemathesis.toml'), CONFIG);
    const answer = await runPython(
      [
        ...['-m', 'schemathesis.cli', 'run', `${asked.url}/api/v1/openapi.json`],
        ...['--header', `Authorization: Bearer ${asked.token}`],
        // A stream never ends, and a session without a cookie can't be logged out.
        ...['--exclude-path', '/api/v1/events'],
        ...['--max-examples', String(asked.examples), '--seed', String(asked.seed)],
        ...['--phases', asked.phases.join(','), '--checks', CHECKS.join(','), '--no-color'],
      ],
      { ...process.env, PYTHONPATH: packages },
      undefined,
      folder,
    );
    return { isRight: answer.code === 0, report: `${answer.stdout}\n${answer.stderr}` };
  } finally {
    await rm(folder, { recursive: true });
  }
}
