import assert from 'node:assert/strict';
import { test } from 'node:test';
import { plainXmlTree } from '../../../orchestrator/extract/form-json/plain-xml.js';
import { xmlTree } from '../../../orchestrator/extract/form-json/xml-tree.js';
import { largeForm } from '../../bench/large-form.js';
import { randomXml } from '../../helpers/random-xml.js';
import { seeded } from '../../helpers/seeded.js';

/** Documents per oddity; DOCUMENTS_PER_ODDITY=200000 for a long run, SEED for another one. */
const DOCUMENTS = Number(process.env['DOCUMENTS_PER_ODDITY'] ?? 15_000);
const SEED = Number(process.env['SEED'] ?? 1);

/** As text, because the order of keys counts; what saxes refuses is undefined. */
function judged(xml: string): string | undefined {
  try {
    return JSON.stringify(xmlTree(xml, false));
  } catch {
    return undefined;
  }
}

for (const { oddity, leastPlain, leastRefused } of [
  { oddity: 0, leastPlain: 0.2, leastRefused: 0.2 },
  { oddity: 0.01, leastPlain: 0.1, leastRefused: 0.2 },
  { oddity: 0.2, leastPlain: 0, leastRefused: 0.5 },
]) {
  test(`what the plain reader takes, saxes takes with the same outcome (oddity ${oddity})`, () => {
    const random = seeded(SEED);
    let [plain, refused] = [0, 0];
    for (let document = 0; document < DOCUMENTS; document++) {
      const xml = randomXml(random, oddity);
      const taken = plainXmlTree(xml);
      const judgement = judged(xml);
      if (judgement === undefined) refused++;
      if (taken === undefined) continue;
      plain++;
      assert.equal(
        JSON.stringify(taken),
        judgement,
        `seed ${SEED}, document ${document}: ${JSON.stringify(xml)}`,
      );
    }
    // Else the comparison would prove nothing.
    assert.ok(plain >= leastPlain * DOCUMENTS, `${plain} of ${DOCUMENTS} were plain`);
    assert.ok(refused >= leastRefused * DOCUMENTS, `${refused} of ${DOCUMENTS} were refused by saxes`);
  });
}

test('every single letter struck out of, doubled in or put into a real form is judged as saxes judges it', () => {
  const form = largeForm({ id: 'form', type: 1, userId: 'worker', number: 5 });
  const whole = `${form.slice(0, 900)}${form.slice(form.indexOf('<item'), form.indexOf('</item>') + 7)}`;
  const xml = `${whole.slice(0, whole.lastIndexOf('<item'))}</group_0>${whole.slice(whole.lastIndexOf('<item'))}</data>`;
  for (let at = 0; at < xml.length; at++) {
    for (const put of [
      '',
      '<',
      '>',
      '&',
      '"',
      "'",
      '/',
      ':',
      '=',
      ' ',
      ']',
      '\r',
      '\u0001',
      'é',
      xml[at] ?? '',
    ]) {
      for (const rest of [at, at + 1]) {
        const changed = xml.slice(0, at) + put + xml.slice(rest);
        const taken = plainXmlTree(changed);
        if (taken !== undefined)
          assert.equal(JSON.stringify(taken), judged(changed), JSON.stringify(changed));
      }
    }
  }
});

test('forms as phones send them are plain', () => {
  for (let number = 0; number < 50; number++) {
    const xml = largeForm({ id: `form-${number}`, type: number % 10, userId: 'worker', number });
    assert.equal(JSON.stringify(plainXmlTree(xml)), judged(xml));
  }
});

test('two names of one hash are two names', () => {
  // `Aa` and `BB` are what every hash by 31 mixes up.
  for (const xml of ['<d><Aa>1</Aa><BB>2</BB></d>', '<d><BB>1</BB><Aa>2</Aa></d>'])
    assert.equal(JSON.stringify(plainXmlTree(xml)), judged(xml));
});

test('what is not plain is left to saxes, deep nesting too', () => {
  const bomb = '<!DOCTYPE d [<!ENTITY a "aa">]><d>&a;</d>';
  for (const xml of [
    '',
    bomb,
    '<d><!-- c --></d>',
    '<d><![CDATA[x]]></d>',
    '<d>\r</d>',
    '<ü/>',
    '<a>'.repeat(2000),
  ])
    assert.equal(plainXmlTree(xml), undefined, xml.slice(0, 40));
  const deep = '<a>'.repeat(1_000) + '</a>'.repeat(1_000);
  assert.equal(JSON.stringify(plainXmlTree(deep)), judged(deep));
  assert.equal(plainXmlTree(`<a>${deep}</a>`), undefined);
});
