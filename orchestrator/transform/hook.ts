import { SourceMap, type SourceMapPayload } from 'node:module';
import { createContext, Script, type Context } from 'node:vm';

/** A hook ran into an error, or gave something back that is no record; no word of it is of the record's content. */
export class HookFailed extends Error {
  /** `hooks/member.ts:12`, as far as the line is known. */
  readonly where: string;

  constructor(what: string, where: string) {
    super(what);
    this.name = 'HookFailed';
    this.where = where;
  }
}

/** A hook that can't be used at all; its faults are those of lake.yaml. */
export class HookUnusable extends Error {}

/** Takes a record as JSON text and gives one back, or `null`. @throws HookFailed */
export type Hook = (record: string) => string;

/** For one record. A hook computes; one that is still at it after so long never comes to an end. */
const MOST_MS = 5_000;

/**
 * Loads a hook: one module, TypeScript or not, whose default export is `(record) => record | null`. It runs in a
 * context of its own without Node's modules, network or files: what it gives back depends on the record alone.
 * @throws HookUnusable
 */
export async function loadHook(path: string, text: string): Promise<Hook> {
  const transpiled = await toScript(path, text);
  const { code } = transpiled;
  // A promise would be settled only after the record has gone on; none ever runs beyond the time limit.
  const context = createContext(
    {},
    { microtaskMode: 'afterEvaluate', codeGeneration: { strings: false, wasm: false } },
  );
  const place = (stack: string): string => placeIn(path, stack, transpiled);
  try {
    run(new Script(HEAD), context);
    // On the first line, so that the code keeps its lines.
    run(new Script(`(function () {${code}\n})()`, { filename: path }), context);
  } catch (thrown) {
    throw new HookUnusable(`${place(stackOf(thrown))}: ${nameOf(thrown, text)} while it was loaded`);
  }
  const problem = run(new Script(FITNESS), context);
  if (problem !== '') throw new HookUnusable(`${path}: ${problem}`);
  const call = new Script(CALL);
  return (record) => {
    context['input'] = record;
    const answer = answerOf(() => run(call, context), path);
    if (!('failed' in answer)) return answer.record;
    const { name, stack } = answer.failed;
    throw new HookFailed(knownName(name, text), place(stack));
  };
}

type Answer =
  { readonly record: string } | { readonly failed: { readonly name: string; readonly stack: string } };

function answerOf(call: () => string, path: string): Answer {
  try {
    return JSON.parse(call()) as Answer;
  } catch (thrown) {
    // It is an error of the context's own, not of ours.
    const code = typeof thrown === 'object' && thrown !== null && 'code' in thrown ? thrown.code : undefined;
    if (code === 'ERR_SCRIPT_EXECUTION_TIMEOUT')
      throw new HookFailed(`took longer than ${MOST_MS / 1000} seconds`, path);
    throw new HookFailed(nameOf(thrown, ''), path);
  }
}

function run(script: Script, context: Context): string {
  return String(script.runInContext(context, { timeout: MOST_MS }));
}

/** What a hook logs would be record content. */
const HEAD = `
  globalThis.console = new Proxy({}, { get: () => () => undefined });
  globalThis.exports = {};`;

const FITNESS = `(() => {
  const hook = exports.default;
  if (typeof hook !== 'function') return 'has no default export that is a function (record) => record | null';
  const kind = Object.prototype.toString.call(hook);
  return kind === '[object Function]' ? '' : 'is asynchronous or a generator: a hook gives its record back at once';
})()`;

/** Errors are caught inside: what a hook throws may be anything, with getters of its own. */
const CALL = `(() => {
  try {
    const record = exports.default(JSON.parse(input));
    if (typeof record?.then === 'function') throw Object.assign(new Error(), { name: 'Promise' });
    const text = JSON.stringify(record);
    return JSON.stringify({ record: text === undefined ? 'undefined' : text });
  } catch (thrown) {
    const text = (value) => (typeof value === 'string' ? value : '');
    return JSON.stringify({ failed: { name: text(thrown?.name), stack: text(thrown?.stack) } });
  }
})()`;

interface Transpiled {
  readonly code: string;
  readonly map: SourceMap | undefined;
  /** Of the text itself. */
  readonly lines: number;
}

/** TypeScript's own compiler takes the types out; they are not checked here, an editor does that. */
async function toScript(path: string, text: string): Promise<Transpiled> {
  const { default: typescript } = await import('typescript');
  const { outputText, diagnostics, sourceMapText } = typescript.transpileModule(text, {
    fileName: path.replace(/\.(mjs|js)$/, '.ts').replace(/\.mts$/, '.ts'),
    reportDiagnostics: true,
    compilerOptions: {
      module: typescript.ModuleKind.CommonJS,
      target: typescript.ScriptTarget.ES2022,
      sourceMap: true,
    },
  });
  const [first] = diagnostics ?? [];
  if (first !== undefined) {
    const at = first.file?.getLineAndCharacterOfPosition(first.start ?? 0);
    const place = at === undefined ? path : `${path}:${at.line + 1}:${at.character + 1}`;
    throw new HookUnusable(`${place}: ${typescript.flattenDiagnosticMessageText(first.messageText, ' ')}`);
  }
  const [imported] = typescript.preProcessFile(outputText, true, true).importedFiles;
  if (imported !== undefined)
    throw new HookUnusable(`${path}: imports "${imported.fileName}"; a hook is one file and imports nothing`);
  const code = outputText.replace(/^\/\/# sourceMappingURL=.*$/m, '');
  const map =
    sourceMapText === undefined ? undefined : new SourceMap(JSON.parse(sourceMapText) as SourceMapPayload);
  return { code, map, lines: text.split('\n').length };
}

/** `path:line` of the innermost call inside the hook; only a line that the hook has is told. */
function placeIn(path: string, stack: string, { map, lines }: Transpiled): string {
  const frame = stack
    .split('\n')
    .find((each, at) => each.includes(`${path}:`) && (at === 0 || /^\s+at /.test(each)));
  const found = frame?.slice(frame.lastIndexOf(`${path}:`) + path.length);
  const [, line, column] = /^:(\d+)(?::(\d+))?\)?$/.exec(found ?? '') ?? [];
  if (line === undefined) return path;
  const entry = map?.findEntry(Number(line) - 1, Number(column ?? '1') - 1);
  const original = entry !== undefined && 'originalLine' in entry ? entry.originalLine + 1 : Number(line);
  return original <= lines ? `${path}:${original}` : path;
}

const BUILT_IN = /^(Eval|Range|Reference|Syntax|Type|URI)?Error$/;

function nameOf(thrown: unknown, text: string): string {
  const name = typeof thrown === 'object' && thrown !== null && 'name' in thrown ? thrown.name : undefined;
  return knownName(typeof name === 'string' ? name : '', text);
}

/** A name of an error may be made of record content: only JavaScript's own, and classes of the hook, are told. */
function knownName(name: string, text: string): string {
  if (name === 'Promise') return 'gave a promise back; a hook gives its record back at once';
  if (BUILT_IN.test(name)) return name;
  const isOwn =
    /^[A-Za-z_$][\w$]{0,60}$/.test(name) &&
    new RegExp(`\\bclass\\s+${name.replaceAll('$', '\\$')}\\b`).test(text);
  return isOwn ? name : 'an error';
}

function stackOf(thrown: unknown): string {
  const stack = typeof thrown === 'object' && thrown !== null && 'stack' in thrown ? thrown.stack : undefined;
  return typeof stack === 'string' ? stack : '';
}
