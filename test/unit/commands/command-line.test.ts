import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Command } from 'commander';
import { createProgram } from '../../../orchestrator/cli.js';
import { EXIT, EXIT_MEANINGS } from '../../../orchestrator/errors.js';
import { PACKAGE_ROOT } from '../../../orchestrator/package-root.js';

function dimagiLake(...words: string[]): { code: number | null; stdout: string; stderr: string } {
  const main = `import { main } from ${JSON.stringify(new URL('../../../orchestrator/cli.js', import.meta.url).href)}; await main(process.argv);`;
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ['--input-type=module', '--eval', main, 'dimagi-lake', ...words],
    { encoding: 'utf8', env: { PATH: process.env['PATH'] } },
  );
  return { code: status, stdout, stderr };
}

test('a wrong command line ends with 2, a guess of what was meant, and nothing on stdout', () => {
  for (const [words, told] of [
    [['tabels'], /^USAGE: unknown command 'tabels'\n\(Did you mean tables\?\)/],
    [['tables', '--jsno'], /^USAGE: unknown option '--jsno'\n\(Did you mean --json\?\)/],
    [['ingestion', 'form'], /is no topic .*\nMend: Did you mean form-sql\?/],
    [['batches', '--state', 'opened'], /Allowed choices are open, planned/],
    [['hq-sim', 'lod'], /Did you mean load\?/],
  ] as const) {
    const { code, stdout, stderr } = dimagiLake(...words);
    assert.deepEqual([code, stdout], [EXIT.usage, ''], stderr);
    assert.match(stderr, told);
  }
});

test('--help ends with every exit code, --version is that of the package', () => {
  const { code, stdout } = dimagiLake('--help');
  assert.equal(code, EXIT.ok);
  for (const [name, meaning] of Object.entries(EXIT_MEANINGS))
    assert.match(stdout, new RegExp(`^ +\\d  ${name} +${meaning}$`, 'm'));
  const { version } = JSON.parse(readFileSync(join(PACKAGE_ROOT, 'package.json'), 'utf8')) as {
    version: string;
  };
  assert.equal(dimagiLake('--version').stdout, `${version}\n`);
});

test('without its variables a command names each of them and ends with 3', () => {
  const { code, stdout, stderr } = dimagiLake('ingestion', 'form-sql', '--once', '--json');
  assert.deepEqual([code, stdout], [EXIT.config, '']);
  assert.match(stderr, /13 faults:\n {2}KAFKA_BOOTSTRAP_SERVER_HOST: is not set\n/);
  assert.match(stderr, /\nMend: /);
});

test('every verb of ours has examples in its help', () => {
  const verbs = (command: Command): Command[] =>
    command.commands.length === 0 ? [command] : command.commands.flatMap(verbs);
  for (const verb of verbs(createProgram()).filter((each) => each.name() !== 'hq-sim')) {
    let help = '';
    verb.configureOutput({ writeOut: (text) => (help += text) });
    verb.outputHelp();
    assert.match(help, /\nExamples:\n {2}/, verb.name());
  }
});
