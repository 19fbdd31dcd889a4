import assert from 'node:assert/strict';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { formJson } from '../../../orchestrator/extract/form-json/form-json.js';
import { MAX_XML_BYTES } from '../../../orchestrator/extract/form-json/limits.js';
import { PACKAGE_ROOT } from '../../../orchestrator/package-root.js';
import type { JsonObject } from '../../../orchestrator/types.js';

const EXAMPLE = `<data xmlns="http://openrosa.org/formdesigner/AB12" name="Visit"><seen>2015-04-17T16:04:42+05:30</seen><note/><kid><w>3.1</w></kid><kid><w>2.9</w></kid><n0:case xmlns:n0="http://commcarehq.org/case/transaction/v2" case_id="c1" date_modified="2015-04-17T16:04:54.950-04"><n0:index><n0:parent case_type="mother">m1</n0:parent></n0:index></n0:case><n1:meta xmlns:n1="http://openrosa.org/jr/xforms"><n1:userID>u1</n1:userID><n2:appVersion xmlns:n2="http://commcarehq.org/xforms">2.53</n2:appVersion></n1:meta></data>`;
const EXAMPLE_JSON = `{"@name":"Visit","@xmlns":"http://openrosa.org/formdesigner/AB12","seen":"2015-04-17T10:34:42.000000Z","note":"","kid":[{"w":"3.1"},{"w":"2.9"}],"case":{"@case_id":"c1","@date_modified":"2015-04-17T20:04:54.950000Z","@xmlns":"http://commcarehq.org/case/transaction/v2","index":{"parent":{"@case_type":"mother","#text":"m1"}}},"meta":{"@xmlns":"http://openrosa.org/jr/xforms","userID":"u1","appVersion":{"@xmlns":"http://commcarehq.org/xforms","#text":"2.53"}},"#type":"data"}`;

describe('the nine rules', () => {
  test('the reference example comes out to the letter, keys in order', () => {
    assert.equal(JSON.stringify(read(EXAMPLE)), EXAMPLE_JSON);
  });

  test('comments are dropped and split no text; CDATA is text', () => {
    assert.deepEqual(read('<d><a>x<!-- no -->y<![CDATA[<z>]]></a></d>'), { a: 'xy<z>', '#type': 'd' });
  });

  test('prefixes are ignored; a namespaced attribute keeps its URI', () => {
    assert.deepEqual(read('<d xmlns:p="urn:p"><p:a p:x="1" xml:lang="en" y="2"/></d>'), {
      a: {
        '@{urn:p}x': '1',
        '@{http://www.w3.org/XML/1998/namespace}lang': 'en',
        '@y': '2',
        '@xmlns': 'urn:p',
      },
      '#type': 'd',
    });
  });

  test('@xmlns stands where the namespace is set and changes, and not where it is unset', () => {
    assert.deepEqual(
      read('<d xmlns="urn:a"><x xmlns="urn:b"><y/></x><z xmlns=""><w xmlns="urn:a"/></z></d>'),
      {
        '@xmlns': 'urn:a',
        x: { '@xmlns': 'urn:b', y: '' },
        z: { w: { '@xmlns': 'urn:a' } },
        '#type': 'd',
      },
    );
  });

  test('a second child of one name makes a list, adjacent or not, whatever the namespace', () => {
    assert.deepEqual(read('<d><a>1</a><b/><a>2</a><p:a xmlns:p="urn:p">3</p:a></d>'), {
      a: ['1', '2', { '@xmlns': 'urn:p', '#text': '3' }],
      b: '',
      '#type': 'd',
    });
  });

  test('text is what stands before the first child, untrimmed, and #text only if not blank', () => {
    assert.deepEqual(read('<d><a> x <b/> lost </a><c>\n  <b/></c><e>\n </e><f k="1"> \u0085\u00a0</f></d>'), {
      a: { b: '', '#text': ' x ' },
      c: { b: '' },
      e: '\n ',
      f: { '@k': '1' },
      '#type': 'd',
    });
  });

  test('datetimes are rewritten in attributes, texts and lists alike', () => {
    assert.deepEqual(read('<d t="2020-01-01T00:00+01"><a>2020-01-01 00:00:00</a><a>2020-01-01</a></d>'), {
      '@t': '2019-12-31T23:00:00.000000Z',
      a: ['2020-01-01T00:00:00.000000Z', '2020-01-01'],
      '#type': 'd',
    });
  });

  test('old metadata is brought under the names of today, and never over a value already there', () => {
    const old =
      '<Meta><TimeStart>a</TimeStart><TimeEnd>b</TimeEnd><chw_id>c</chw_id><DeviceID>d</DeviceID><uid>e</uid></Meta>';
    assert.deepEqual(read(`<d>${old}</d>`), {
      '#type': 'd',
      meta: { timeStart: 'a', timeEnd: 'b', userID: 'c', deviceID: 'd', instanceID: 'e' },
    });
    assert.deepEqual(read('<d><meta><uid>old</uid><instanceID>new</instanceID></meta></d>')['meta'], {
      uid: 'old',
      instanceID: 'new',
    });
    assert.deepEqual(read('<d><meta><uid>1</uid></meta><meta><uid>2</uid></meta></d>')['meta'], {
      instanceID: '1',
    });
    assert.deepEqual(read('<d><meta>x</meta><meta>y</meta></d>')['meta'], ['x', 'y']);
  });

  test('elements called like parts of an object are mere names', () => {
    const form = read(
      '<d><__proto__>p</__proto__><constructor>c</constructor><toString/><toString/><__proto__>q</__proto__></d>',
    );
    assert.equal(
      JSON.stringify(form),
      '{"__proto__":["p","q"],"constructor":"c","toString":["",""],"#type":"d"}',
    );
    assert.equal(Object.getPrototypeOf(form), Object.prototype);
  });
});

describe('damaged and hostile documents', () => {
  test('give a reason with the place and without content', () => {
    assert.deepEqual(formJson(Buffer.from('<d>\n <secret>x</d>')), {
      reason: 'form XML does not parse at line 2, column 14',
    });
    for (const xml of [
      '',
      'text',
      '<a/><b/>',
      '<p:a/>',
      '<a x="1" x="2"/>',
      '<a>\u0000</a>',
      '<a>&#0;</a>',
      '<a>\ufffe</a>',
    ])
      assert.match(reason(Buffer.from(xml)), /^form XML does not parse/, xml);
  });

  test('entities of a DTD are never expanded', () => {
    const bomb = '<!DOCTYPE d [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]><d>&b;</d>';
    assert.match(reason(Buffer.from(bomb)), /does not parse/);
    assert.match(
      reason(Buffer.from('<!DOCTYPE d [<!ENTITY f SYSTEM "file:///etc/passwd">]><d>&f;</d>')),
      /does not parse/,
    );
  });

  test('nesting beyond a thousand elements, or a size beyond the limit, is refused', () => {
    const nested = (depth: number): Buffer => Buffer.from('<a>'.repeat(depth) + '</a>'.repeat(depth));
    assert.ok('form' in formJson(nested(1_000)));
    assert.equal(reason(nested(100_000)), 'form XML nests deeper than 1000 elements');
    assert.match(reason(Buffer.alloc(MAX_XML_BYTES + 1, ' ')), /larger than/);
  });

  test('a million tags and attributes are read, one more is refused, whatever they are written with', () => {
    const tags = (count: number): Buffer => Buffer.from(`<d>${'<a/>'.repeat(count - 2)}</d>`);
    assert.ok('form' in formJson(tags(1_000_000)));
    const told = 'form XML has more than 1000000 tags and attributes';
    assert.equal(reason(tags(1_000_001)), told);
    assert.equal(reason(Buffer.from(`<d>${`<a b='' c=""/>`.repeat(400_000)}</d>`)), told);
  });

  test('bytes that are not valid in the encoding are refused, never replaced', () => {
    assert.equal(
      reason(Buffer.from([0x3c, 0x61, 0x3e, 0xff, 0x3c, 0x2f, 0x61, 0x3e])),
      'form XML is not valid in its encoding',
    );
    assert.equal(
      reason(Buffer.from('<?xml version="1.0" encoding="martian"?><a/>')),
      'form XML is not valid in its encoding',
    );
  });

  test('a byte order mark and declared encodings are honoured', () => {
    assert.deepEqual(read('\ufeff<d><a>ü</a></d>'), { a: 'ü', '#type': 'd' });
    const latin = Buffer.from('<?xml version="1.0" encoding="ISO-8859-1"?><d><a>ü</a></d>', 'latin1');
    assert.deepEqual(formJson(latin), { form: { a: 'ü', '#type': 'd' } });
    const wide = Buffer.from('\ufeff<?xml version="1.0" encoding="UTF-16"?><d><a>ü</a></d>', 'utf16le');
    assert.deepEqual(formJson(wide), { form: { a: 'ü', '#type': 'd' } });
  });
});

describe("HQ's own test forms", () => {
  // Where they are, else our copy of them: a clone may stand alone.
  const copy = join(PACKAGE_ROOT, 'test/oracle/tests/data');
  const places = ['../shared/data/hq-forms', '../../shared/data/hq-forms'].map((at) =>
    join(PACKAGE_ROOT, at),
  );
  const forms = places.find((place) => existsSync(place)) ?? copy;
  for (const file of readdirSync(forms).filter((name) => name.endsWith('.xml'))) {
    test(`${file} comes out as HQ shows it`, () => {
      const name = file.replace('.xml', '');
      const expectedFile = join(
        forms,
        existsSync(join(forms, `${name}-sql.json`)) ? `${name}-sql.json` : `${name}.json`,
      );
      const expected = JSON.parse(readFileSync(expectedFile, 'utf8')) as { form: JsonObject };
      const result = formJson(readFileSync(join(forms, file)));
      assert.deepEqual(result, {
        form: name === 'cloudant-template' ? ofToday(expected.form) : expected.form,
      });
    });
  }
});

/** That file is from before HQ processed time zones; its README gives what HQ shows today. */
function ofToday(form: JsonObject): JsonObject {
  const today = structuredClone(form);
  const [meta, block] = [today['meta'] as JsonObject, today['case'] as JsonObject];
  block['@date_modified'] = '2013-03-09T03:30:09.007000Z';
  meta['timeEnd'] = '2013-03-09T03:30:09.007000Z';
  meta['timeStart'] = '2013-03-09T03:26:56.240000Z';
  return today;
}

function read(xml: string): JsonObject {
  const result = formJson(Buffer.from(xml));
  assert.ok('form' in result, `unreadable: ${JSON.stringify(result)}`);
  return result.form;
}

function reason(xml: Buffer): string {
  const result = formJson(xml);
  assert.ok('reason' in result, 'it was read');
  return result.reason;
}
