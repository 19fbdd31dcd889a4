import type { JsonObject, JsonValue } from '../../../orchestrator/types.js';
import type { Document } from './shape-lake.js';

/** Every kind of value a path may hold; `tag` makes each value its own, so that a mix-up shows. */
const KINDS: Readonly<Record<string, (tag: string) => JsonValue | undefined>> = {
  absent: () => undefined,
  empty: () => '',
  scalar: (tag) => (tag === '1' ? 1.5 : `text ${tag}`),
  object: (tag) => ({ a: `a ${tag}`, b: { c: `c ${tag}` } }),
  'object with text': (tag) => ({ '#text': `t ${tag}`, '@n': `n ${tag}` }),
  'object with list': (tag) => ({ a: [`l ${tag}`, 'm'], '@n': null }),
  'empty list': () => [],
  texts: (tag) => [`one ${tag}`, '', `two ${tag}`],
  objects: (tag) => [{ a: `a1 ${tag}`, x: 'x' }, { b: { c: `c2 ${tag}` } }],
  mixed: (tag) => [`plain ${tag}`, { a: `a ${tag}`, '#text': 'own' }, null, true],
  'inner list': (tag) => [[`i ${tag}`, 'j'], [{ k: `k ${tag}` }], `beside ${tag}`],
  'list in objects': (tag) => [{ a: [`x ${tag}`] }, { a: `single ${tag}` }, { a: { d: [`y ${tag}`] } }],
  'text that is a list': (tag) => [{ '#text': [`p ${tag}`, 'q'] }, `plain ${tag}`],
};

/** Two documents; the first holds kind k at path `k then l`, the second kind l, for every pair of kinds. */
export function everyFlip(): [Document, Document] {
  const trees: [JsonObject, JsonObject] = [{}, {}];
  for (const [first, make] of Object.entries(KINDS)) {
    for (const [second, makeSecond] of Object.entries(KINDS)) {
      put(trees[0], `${first} then ${second}`, make('1'));
      put(trees[1], `${first} then ${second}`, makeSecond('2'));
    }
  }
  return [
    { id: 'first', tree: trees[0] },
    { id: 'second', tree: trees[1] },
  ];
}

function put(tree: JsonObject, key: string, value: JsonValue | undefined): void {
  if (value !== undefined) tree[key] = value;
}

const KEYS = ['a', '#text', '@n', 'x__y', 'x'];

/** A tree of up to `depth` levels whose paths hold anything. */
export function randomTree(random: () => number, depth: number): JsonObject {
  const tree: JsonObject = {};
  for (const key of KEYS) if (random() < 0.6) tree[key] = randomValue(random, depth);
  return tree;
}

function randomValue(random: () => number, depth: number): JsonValue {
  const choice = random();
  if (choice < 0.08) return null;
  if (choice < 0.16) return '';
  if (choice < 0.45 || depth === 0) return `v${Math.floor(random() * 1e6)}`;
  if (choice < 0.7) return randomTree(random, depth - 1);
  return Array.from({ length: Math.floor(random() * 4) }, () => randomValue(random, depth - 1));
}
