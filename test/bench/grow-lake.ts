import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { identifier } from '../../orchestrator/sql/identifier.js';
import { literal } from '../../orchestrator/sql/literal.js';
import { joinSql, sql, type Sql } from '../../orchestrator/sql/text.js';
import { FORM_TYPES, type FormType } from '../hq-sim/programme/form-types.js';

/** How much of what; the forms are of one month. */
export interface Growth {
  readonly children: number;
  readonly weighings: number;
  readonly enrolments: number;
  readonly meals: number;
  readonly rations: number;
}

export interface GrownLake {
  /** Where the tables of the domain stand, as Spark reads them, and as this process does. */
  readonly url: string;
  readonly folder: string;
  /** First of month. */
  readonly month: string;
}

/** Children that a meal or a ration lists. */
const LISTED = 10;
/** Months before the one asked for over which children were opened. */
const MONTHS = 24;

export function growthOf(children: number): Growth {
  const share = (times: number): number => Math.round(children * times);
  return {
    children,
    weighings: share(1.2),
    enrolments: share(0.6),
    meals: share(0.6),
    rations: share(0.6),
  };
}

export function formsOf(growth: Growth): number {
  return growth.weighings + growth.enrolments + growth.meals + growth.rations;
}

/**
 * Statements that fill the tables the ingestion has made of a small programme: copies of one row of each, under ids of their
 * own, with the answers that the aggregations read. What those tables hold already stays.
 */
export function growStatements(lake: GrownLake, growth: Growth): Sql[] {
  return [
    ...[child(lake, growth), member(lake, growth), weighing(lake, growth)],
    ...[enrolment(lake, growth), meal(lake, growth), ration(lake, growth)],
  ];
}

function child(lake: GrownLake, { children }: Growth): Sql {
  return copies(lake, 'case-sql/child_care', children, {
    ...openedOn(lake),
    _id: sql`concat('child-', n.id)`,
    owner_id: sql`centre.flwc_id`,
    closed: sql`false`,
    closed_on: sql`CAST(NULL AS TIMESTAMP)`,
    indices: sql`array(named_struct('identifier', 'parent', 'referenced_id', concat('member-', n.id),
      'referenced_type', 'member', 'relationship', 'child'))`,
    case_json__birth_weight: sql`CAST(CAST(1.8 + n.id % 200 / 100 AS DECIMAL(4, 2)) AS STRING)`,
    case_json__low_birth_weight: sql`IF(n.id % 200 < 70, 'yes', 'no')`,
    case_json__breastfeeding_initiated: sql`element_at(array('yes', 'yes', 'no', ''), CAST(n.id % 4 AS INT) + 1)`,
  });
}

function member(lake: GrownLake, { children }: Growth): Sql {
  return copies(lake, 'case-sql/member', children, {
    ...openedOn(lake),
    _id: sql`concat('member-', n.id)`,
    name: sql`concat('Child ', n.id)`,
    closed: sql`false`,
    closed_on: sql`CAST(NULL AS TIMESTAMP)`,
    case_json__member_dob: sql`CAST(date_sub(${day(lake)}, CAST(n.id * 7 % 2250 AS INT) - 25) AS STRING)`,
    case_json__member_gender: sql`IF(n.id % 2 = 0, 'female', 'male')`,
    case_json__member_death_date: sql`IF(n.id % 200 = 7, CAST(date_sub(${day(lake)}, 20) AS STRING), '')`,
    case_json__mother_case_id: sql`concat('mother-', n.id)`,
  });
}

function weighing(lake: GrownLake, { children, weighings }: Growth): Sql {
  const grade = (by: number): Sql =>
    sql`element_at(array('green', 'green', 'yellow', 'red', ''), CAST(n.id % ${by} % 5 AS INT) + 1)`;
  return copies(lake, tableOf('child_weight_height'), weighings, {
    ...answered(lake, 'weighing'),
    'form__case_child_care_case_0__case__@case_id': sql`concat('child-', n.id % ${children})`,
    form__weight: sql`IF(n.id % 13 = 0, '', CAST(CAST(4 + n.id % 150 / 10 AS DECIMAL(5, 2)) AS STRING))`,
    form__height: sql`IF(n.id % 7 = 0, '', CAST(50 + n.id % 60 AS STRING))`,
    form__weight_provided__zscore_grading_wfa: grade(101),
    form__height_provided__zscore_grading_hfa: grade(103),
    form__height_provided__zscore_grading_wfh: grade(107),
  });
}

function enrolment(lake: GrownLake, { children, enrolments }: Growth): Sql {
  const wish = (at: number): Sql => sql`IF((n.id + ${at}) % 10 = 0, 'no', 'yes')`;
  return copies(lake, tableOf('service_enrollment'), enrolments, {
    ...answered(lake, 'enrolment'),
    form__member_caseid_loaded: sql`concat('member-', n.id % ${children})`,
    form__want_nutrition_services_check: wish(0),
    form__want_growth_tracking_services_check: wish(1),
    form__want_counselling_services_check: wish(2),
  });
}

function meal(lake: GrownLake, { children, meals }: Growth): Sql {
  const table = tableOf('child_snd');
  return copies(lake, table, meals, {
    ...answered(lake, 'meal'),
    form__children_cases__item: items(lake, table, 'form__children_cases__item', children),
    form__children_attendance__present_children: listed(children, LISTED - 1),
    form__children_food_served: listed(children, LISTED - 2),
  });
}

function ration(lake: GrownLake, { children, rations }: Growth): Sql {
  const table = tableOf('child_thr');
  return copies(lake, table, rations, {
    ...answered(lake, 'ration'),
    form__children_0_3_cases__item: items(lake, table, 'form__children_0_3_cases__item', children),
    form__thr_details_group__children_received_thr_id: listed(children, LISTED - 2),
    form__thr_details_group__number_of_days_thr_given: sql`element_at(array('25', '13', '12', ''), CAST(n.id % 4 AS INT) + 1)`,
  });
}

/** Cases are opened, and lie in partitions, over the months up to the one asked for. */
function openedOn(lake: GrownLake): Readonly<Record<string, Sql>> {
  const month = sql`add_months(${day(lake)}, -CAST(n.id % ${MONTHS} AS INT))`;
  return { month, opened_on: sql`CAST(${month} AS TIMESTAMP)` };
}

/** Every second of 28 days has its turn. */
function answered(lake: GrownLake, kind: string): Readonly<Record<string, Sql>> {
  const at = sql`timestampadd(SECOND, n.id * 7919 % 2419200, CAST(${day(lake)} AS TIMESTAMP))`;
  return {
    _id: sql`concat(${literal(`${kind}-`)}, n.id)`,
    month: day(lake),
    received_on: sql`timestampadd(MINUTE, 5, ${at})`,
    form__meta__timeEnd: sql`date_format(${at}, ${literal("yyyy-MM-dd'T'HH:mm:ss.SSSSSS'Z'")})`,
  };
}

function listedChild(children: number): Sql {
  return sql`concat('child-', (n.id * ${LISTED} + i) % ${children})`;
}

function listed(children: number, count: number): Sql {
  return sql`array_join(transform(sequence(0, ${count - 1}), i -> ${listedChild(children)}), ' ')`;
}

/** Structs with the fields, in the order, that the table's column has. */
function items(lake: GrownLake, table: string, column: string, children: number): Sql {
  const fields = itemFields(lake, table, column).map((name) => {
    const value = name === '@id' ? listedChild(children) : sql`concat('answer ', i)`;
    return sql`${literal(name)}, ${value}`;
  });
  return sql`transform(sequence(0, ${LISTED - 1}), i -> named_struct(${joinSql(fields, ', ')}))`;
}

/** One row of the table so many times, with other values in these columns; all other columns stay as they are. */
function copies(lake: GrownLake, table: string, rows: number, columns: Readonly<Record<string, Sql>>): Sql {
  const target = sql`delta.${identifier(`${lake.url}/${table}`)}`;
  const places = sql`delta.${identifier(`${lake.url}/location/location`)}`;
  const names = joinSql(Object.keys(columns).map(identifier), ', ');
  const values = joinSql(
    Object.entries(columns).map(([name, value]) => sql`${value} AS ${identifier(name)}`),
    ',\n  ',
  );
  return sql`INSERT INTO ${target} BY NAME
SELECT t.* EXCEPT (${names}),
  ${values}
FROM (SELECT * FROM ${target} LIMIT 1) AS t CROSS JOIN range(${rows}) AS n JOIN
  (SELECT flwc_id, row_number() OVER (ORDER BY flwc_id) - 1 AS at, count(*) OVER () AS many
    FROM ${places} WHERE location_type_code = 'flwc') AS centre
  ON centre.at = n.id % centre.many`;
}

function day({ month }: GrownLake): Sql {
  return sql`DATE ${literal(month)}`;
}

function tableOf(type: FormType): string {
  return `form-sql/${FORM_TYPES[type].xmlns.replace('http://openrosa.org/formdesigner/', '')}`;
}

interface SchemaField {
  readonly name: string;
  readonly type: { readonly elementType?: { readonly fields?: readonly SchemaField[] } };
}

/** Names of the fields of a column's items, by the newest schema in the table's Delta log. */
function itemFields({ folder }: GrownLake, table: string, column: string): string[] {
  const log = join(folder, ...table.split('/'), '_delta_log');
  const schema = readdirSync(log)
    .filter((name) => /^\d{20}\.json$/.test(name))
    .sort()
    .flatMap((name) => readFileSync(join(log, name), 'utf8').trim().split('\n'))
    .map((line) => (JSON.parse(line) as { metaData?: { schemaString: string } }).metaData?.schemaString)
    .findLast((text) => text !== undefined);
  const { fields } = JSON.parse(schema ?? '{"fields":[]}') as { fields: readonly SchemaField[] };
  const found = fields.find(({ name }) => name === column)?.type.elementType?.fields;
  if (found === undefined) throw new Error(`${table} has no list of structs ${column}`);
  return found.map(({ name }) => name);
}
