import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import type { Model } from '../../../orchestrator/aggregation/model.js';
import { columnsOf, namesOf, sourceColumns } from '../../../orchestrator/aggregation/models/columns.js';
import { fillLiquid, SafeText } from '../../../orchestrator/aggregation/models/fill-liquid.js';
import { loadModels } from '../../../orchestrator/aggregation/models/load-models.js';
import {
  renderAudit,
  renderModel,
  renderStagingAudit,
} from '../../../orchestrator/aggregation/models/render-model.js';
import { literal } from '../../../orchestrator/sql/literal.js';
import type { Sql } from '../../../orchestrator/sql/text.js';

const { all: models } = loadModels();
const [location] = models;
assert.ok(location !== undefined);
/** A model that holds nothing but a template. */
const only = (sql: string): Model => ({ ...location, columns: [], sql });
const options = { month: '2024-01-01', domain: "it's", timeZone: 'Asia/Kolkata', levels: ['state', 'flwc'] };

describe('a template prints', () => {
  test('the month, the next and the one before as dates, over the end of a year too', () => {
    const dates = '{{ previous_month }} {{ month }} {{ next_month }}';
    assert.equal(renderModel(only(dates), options), "DATE'2023-12-01' DATE'2024-01-01' DATE'2024-02-01'");
    const december = { ...options, month: '2024-12-01' };
    assert.equal(renderModel(only(dates), december), "DATE'2024-11-01' DATE'2024-12-01' DATE'2025-01-01'");
  });

  test('domain and time zone as literals', () => {
    assert.equal(renderModel(only('{{ domain }}, {{ time_zone }}'), options), "'it\\'s', 'Asia/Kolkata'");
  });

  test('levels from the top down, with their numbers, codes and columns as the lake names them', () => {
    const template =
      '{% for level in levels %}{{ level.number }} {{ level.code }} {{ level.id }} {{ level.site_code }};{% endfor %}{{ deepest.name }}';
    assert.equal(
      renderModel(only(template), { ...options, levels: ["a'`", 'external', 'X', 'x'] }),
      "1 'a\\'`' `a'``_id` `a'``_site_code`;" +
        "2 'external' `external_id__47cdfeaa` `external_site_code`;" +
        "3 'X' `X_id` `X_site_code`;" +
        "4 'x' `x_id__3872b344` `x_site_code__6b3e0bb5`;`x_name__06b3aca8`".replace(
          /__[0-9a-f]{8}/g,
          (each) => each,
        ),
    );
  });

  test('nothing that was not quoted', () => {
    for (const template of [
      "{{ 'text' }}",
      '{{ domain.text }}',
      '{{ levels }}',
      '{{ 1.5 }}',
      '{{ true }}',
      "{% assign x = 'a,b' | split: ',' %}{{ x }}",
      "{{ 'a' | identifier | append: 'b' }}",
      '{{ nil }}',
      "{% echo 'x' %}",
      "{% cycle 'a', 'b' %}",
      '{% capture x %}y{% endcapture %}{{ x }}',
      "{{ 'x' | raw }}",
      "{% render 'x' %}",
    ])
      assert.throws(() => renderModel(only(template), options), { code: 'MODEL_INVALID' }, template);
  });

  test('any text at all, once a filter has quoted it', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const filled = fillLiquid('{{ x | literal }}', { x: text });
        assert.equal(filled, literal(text));
        assert.equal(fillLiquid('{{ x | identifier }}', { x: text }), `\`${text.replaceAll('`', '``')}\``);
        assert.equal(fillLiquid('{{ y }}', { y: new SafeText(literal(text)) }), filled);
      }),
    );
  });

  test('the place of a fault is told', () => {
    assert.throws(() => renderModel(only('SELECT\n 1, {{ nothing }}'), options), {
      code: 'MODEL_INVALID',
      message: /^flwc_location\.sql:2:8: undefined variable: nothing$/,
    });
  });
});

test('every model and audit renders for one to nine levels of any codes, without a line that is only ;', () => {
  const code = fc
    .string({ unit: 'binary', minLength: 1, maxLength: 12 })
    .filter((text) => /^[^ ,;{}()=~\t\n]+$/.test(text));
  fc.assert(
    fc.property(fc.uniqueArray(code, { minLength: 1, maxLength: 9 }), (levels) => {
      for (const model of models) {
        const some = { ...options, levels, month: model.monthly ? options.month : null };
        const texts = [
          renderModel(model, some),
          ...model.audits.filter(({ on }) => on === 'lake').map((audit) => renderAudit(model, audit, some)),
        ];
        for (const text of texts) {
          assert.doesNotMatch(text, /\{\{|\{%/);
          assert.ok(text.split('\n').every((line) => line !== ';'));
        }
        const names = columnsOf(model, levels).map(({ name }) => name.toLowerCase());
        assert.equal(new Set(names).size, names.length);
      }
    }),
    { numRuns: 30 },
  );
});

test('a domain without location levels is told to name them', () => {
  assert.throws(() => renderModel(location, { ...options, month: null, levels: [] }), {
    code: 'MODEL_INVALID',
    message: 'flwc_location needs location levels, and "it\'s" has none',
  });
});

test('columns of levels that stand together come level by level', () => {
  const names = columnsOf(location, ['state', 'flwc']).map(({ name }) => name);
  assert.deepEqual(names, [
    'domain',
    'location_level',
    ...['state_id', 'state_name', 'state_site_code'],
    ...['flwc_id', 'flwc_name', 'flwc_site_code'],
  ]);
  assert.deepEqual(namesOf(location.keys, ['state', 'flwc']), ['location_level', 'state_id', 'flwc_id']);
  assert.match(
    columnsOf(location, ['state']).find(({ name }) => name === 'state_id')?.description ?? '',
    /^Id of the state/,
  );
});

test("a source's columns have the names the lake gives them", () => {
  const [source] = location.sources;
  assert.ok(source !== undefined);
  assert.deepEqual(sourceColumns(source, ['external']).slice(-4), [
    'external_id__47cdfeaa',
    'external_name',
    'external_site_code',
    'external_is_archived',
  ]);
});

test('a level whose column the model has already is refused with the mend', () => {
  const care = models.find(({ table }) => table === 'child_care_monthly');
  assert.ok(care !== undefined);
  assert.throws(() => columnsOf(care, ['state', 'member_case']), {
    code: 'MODEL_INVALID',
    message: 'child_care_monthly would have two columns "member_case_id"',
  });
});

test('an audit of the staging table is quoted as its database does', () => {
  const audit = {
    name: 'x',
    description: 'x',
    on: 'warehouse' as const,
    sql: "SELECT {{ deepest.id }} FROM {{ staging }} WHERE domain = {{ domain }} AND month = {{ month }} AND x = {{ 'y' | identifier }}",
  };
  const quoting = {
    identifier: (name: string) => `"${name}"` as Sql,
    literal: (value: string) => `E'${value}'` as Sql,
  };
  const text = renderStagingAudit(location, audit, { ...options, domain: 'd' }, quoting, 's."t"' as Sql);
  assert.equal(
    text,
    `SELECT "flwc_id" FROM s."t" WHERE domain = E'd' AND month = DATE'2024-01-01' AND x = "y"`,
  );
});

test('the roll-ups are audited in every measure, in the lake as in the warehouse', () => {
  const sums = models.find(({ table }) => table === 'agg_child_care');
  assert.ok(sums !== undefined);
  const measures = sums.columns.filter(({ type }) => type === 'long').map(({ name }) => name);
  assert.equal(measures.length, 24);
  const audits = sums.audits.filter(({ name }) => name.startsWith('roll_ups_add_up'));
  assert.deepEqual(
    audits.map(({ on }) => on),
    ['lake', 'warehouse'],
  );
  for (const { sql } of audits) {
    const [, named] = /assign measures = '([^']*)'/.exec(sql) ?? [];
    assert.deepEqual(named?.split(','), measures);
  }
});
