import assert from 'node:assert/strict';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Command } from 'commander';
import { createProgram } from '../../orchestrator/cli.js';
import {
  readAlertEnvironment,
  readIngestionEnvironment,
  readAggregationEnvironment,
  VARIABLES,
} from '../../orchestrator/config/environment.js';
import { ERROR_CODES, EXIT, EXIT_MEANINGS } from '../../orchestrator/errors.js';
import { PACKAGE_ROOT } from '../../orchestrator/package-root.js';

const read = (path: string): string => readFileSync(join(PACKAGE_ROOT, path), 'utf8');
const readme = read('README.md');
const rows = readme.split('\n').filter((line) => line.startsWith('|'));

/** The row of a README table whose first cell starts with `name` in backticks. */
function rowOf(name: string): string {
  const row = rows.find((line) => line.startsWith(`| \`${name}`));
  assert.ok(row !== undefined, `README.md has no row for ${name}`);
  return row;
}

/** Only the verbs at the ends of the tree: `stack` alone does nothing. */
function leaves(command: Command, path: string): { path: string; command: Command }[] {
  if (command.commands.length === 0) return [{ path, command }];
  return command.commands.flatMap((each) => leaves(each, `${path} ${each.name()}`.trim()));
}

test('README.md lists every verb with every option', () => {
  for (const { path, command } of leaves(createProgram(), '')) {
    const row = rowOf(path);
    for (const option of command.options) assert.match(row, new RegExp(`${option.long ?? ''}\\b`), path);
  }
});

test('README.md lists every exit code by number, name and the meaning that --help shows', () => {
  for (const [name, meaning] of Object.entries(EXIT_MEANINGS)) {
    const row = `| ${EXIT[name as keyof typeof EXIT]} \`${name}\` | ${meaning} |`;
    assert.ok(rows.includes(row), `README.md has no row ${row}`);
  }
});

test('README.md lists every variable of ours with its default', () => {
  const required = {
    KAFKA_BOOTSTRAP_SERVER_HOST: 'h',
    KAFKA_BOOTSTRAP_SERVER_PORT: '1',
    LEDGER_DATABASE_URL: 'postgresql://h/l',
    LEDGER_RUNNER_DATABASE_URL: 'postgresql://h/l',
    CHECKPOINT_BASE_DIR: 'file:///c',
    HQ_DATA_PATH: 'file:///l',
    HQ_DATABASE_URL: 'postgresql://h/q',
    HQ_BLOB_STORE: 'file:///b',
    SPARK_MASTER_URL: 'spark://h:1',
    SPARK_REST_URLS: 'http://h:1',
    SPARK_DRIVER_CLASSPATH: '/j',
    REDIS_URL: 'redis://h',
    LAKE_CONFIG: '/y',
    AGG_DATA_PATH: 'file:///a',
    DASHBOARD_DB_HOST: 'h',
    DASHBOARD_DB_PORT: '1',
    DASHBOARD_DB_NAME: 'w',
    DASHBOARD_DB_USERNAME: 'u',
  };
  const defaults: Readonly<Record<string, unknown>> = {
    ...readIngestionEnvironment(required),
    ...readAggregationEnvironment(required),
    ...readAlertEnvironment(required),
  };
  for (const name of VARIABLES) {
    const stated = rowOf(`${name}\``).split('|')[2]?.trim();
    const value = defaults[name];
    if (Object.hasOwn(required, name)) assert.equal(stated, 'required', name);
    else if (value === undefined) assert.notEqual(stated, 'required', name);
    else assert.equal(stated, `\`${typeof value === 'string' ? value : JSON.stringify(value)}\``, name);
  }
});

test('README.md names every variable that is read or written anywhere else', () => {
  const files = [
    ...readdirSync(join(PACKAGE_ROOT, 'orchestrator/config')).map((name) => `orchestrator/config/${name}`),
    'orchestrator/logger.ts',
    'orchestrator/crash-point.ts',
    'deploy/stack/environment-file.ts',
  ];
  for (const file of files) {
    const names =
      read(file).match(/(?<![\w.])(?:'[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+'|[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+(?=:))/g) ??
      [];
    for (const name of names.map((each) => each.replaceAll("'", ''))) {
      if (isCode(name)) continue;
      assert.match(readme, new RegExp(`\\b${name}\\b`), `${name} of ${file}`);
    }
  }
});

/** Capitals that are no variable of ours: error codes, names a process merely inherits, another's switch. */
function isCode(name: string): boolean {
  const others = ['LC_ALL', 'AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED'];
  return Object.hasOwn(ERROR_CODES, name) || others.includes(name);
}

test('orchestrator/errors.md is the table of errors.ts', () => {
  const table = Object.entries(ERROR_CODES).map(
    ([code, facts]) => `| \`${code}\` | ${facts.failureClass} | ${facts.exitCode} | ${facts.mend} |`,
  );
  const written = read('orchestrator/errors.md')
    .split('\n')
    .filter((line) => line.startsWith('| `'));
  assert.deepEqual(written, table);
});

test('every file and folder that the documents point at is there', () => {
  for (const page of ['README.md', 'deploy/runbook.md']) {
    const named = read(page).match(/`(?:orchestrator|deploy|test|hive|spark-jobs)\/[\w./-]*`/g) ?? [];
    for (const path of new Set(named.map((each) => each.replaceAll('`', '')))) {
      assert.ok(existsSync(join(PACKAGE_ROOT, path)), `${page} names ${path}`);
    }
  }
});

test('every folder of orchestrator/ has its row in the folder map', () => {
  for (const entry of readdirSync(join(PACKAGE_ROOT, 'orchestrator'), { withFileTypes: true })) {
    if (entry.isDirectory()) rowOf(`orchestrator/${entry.name}/\``);
  }
});
