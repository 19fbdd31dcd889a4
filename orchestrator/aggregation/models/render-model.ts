import { LakeError } from '../../errors.js';
import { levelColumns } from '../../shape/fixed-columns.js';
import type { Sql } from '../../sql/text.js';
import type { Audit, Model } from '../model.js';
import { addMonths } from '../months.js';
import { fillLiquid, SafeText, SPARK_QUOTING, TemplateFault, type Quoting } from './fill-liquid.js';

/** What a model's SQL depends on beside its tables. */
export interface RenderOptions {
  /** First of month, `YYYY-MM-01`; null for a table without months. */
  readonly month: string | null;
  readonly domain: string;
  /** IANA name: days and months of the rules are the zone's. */
  readonly timeZone: string;
  /** Location type codes, top down. */
  readonly levels: readonly string[];
}

/**
 * The SELECT that makes the rows of the month: its columns are the model's, its tables the sources and needs by their
 * plain names.
 * @throws LakeError MODEL_INVALID
 */
export function renderModel(model: Model, options: RenderOptions): Sql {
  requireLevels(model, options);
  return render(`${model.table}.sql`, model.sql, modelContext(options, SPARK_QUOTING), SPARK_QUOTING);
}

/** The audit's query over the lake. The new rows stand under the model's own table name. */
export function renderAudit(model: Model, audit: Audit, options: RenderOptions): Sql {
  const what = `${model.table}.yml, audit ${audit.name}`;
  return render(what, audit.sql, modelContext(options, SPARK_QUOTING), SPARK_QUOTING);
}

/**
 * An audit's query in another database, with its way to quote.
 * @param staging the quoted name of the table that holds the new rows: `{{ staging }}`
 */
export function renderStagingAudit(
  model: Model,
  audit: Audit,
  options: RenderOptions,
  quoting: Quoting,
  staging: Sql,
): Sql {
  const context = { ...modelContext(options, quoting), staging: new SafeText(staging) };
  return render(`${model.table}.yml, audit ${audit.name}`, audit.sql, context, quoting);
}

function requireLevels(model: Model, { domain, levels }: RenderOptions): void {
  if (levels.length > 0 || !model.columns.some((column) => column.perLevel)) return;
  throw new LakeError('MODEL_INVALID', `${model.table} needs location levels, and "${domain}" has none`, {
    facts: { table: model.table, domain },
    mend: 'Name the location type codes of the domain, top down, under `location_levels` in lake.yaml.',
  });
}

/** A level as templates see it; columns are quoted. Without levels `deepest` is not there. */
interface LevelContext {
  /** 1 is the top. */
  readonly number: number;
  readonly code: SafeText;
  readonly id: SafeText;
  readonly name: SafeText;
  readonly site_code: SafeText;
  readonly is_archived: SafeText;
}

export function modelContext(options: RenderOptions, quoting: Quoting): Readonly<Record<string, unknown>> {
  const levels = levelContexts(options.levels, quoting);
  const deepest = levels.at(-1);
  return {
    ...(options.month === null ? {} : months(options.month)),
    domain: new SafeText(quoting.literal(options.domain)),
    time_zone: new SafeText(quoting.literal(options.timeZone)),
    levels,
    ...(deepest === undefined ? {} : { deepest }),
  };
}

function levelContexts(levels: readonly string[], quoting: Quoting): LevelContext[] {
  return [...levelColumns('location', levels)].map(([code, columns], at) => {
    const column = (suffix: '_id' | '_name' | '_site_code' | '_is_archived'): SafeText =>
      new SafeText(quoting.identifier(columns.get(suffix)?.name ?? `${code}${suffix}`));
    return {
      number: at + 1,
      code: new SafeText(quoting.literal(code)),
      id: column('_id'),
      name: column('_name'),
      site_code: column('_site_code'),
      is_archived: column('_is_archived'),
    };
  });
}

function months(month: string): Readonly<Record<string, SafeText>> {
  if (!/^\d{4}-\d{2}-01$/.test(month))
    throw new LakeError('INTERNAL', `"${month}" is no first of month`, { facts: { month } });
  const date = (text: string): SafeText => new SafeText(`DATE'${text}'` as Sql);
  return {
    month: date(month),
    next_month: date(addMonths(month, 1)),
    previous_month: date(addMonths(month, -1)),
  };
}

function render(
  what: string,
  template: string,
  context: Readonly<Record<string, unknown>>,
  quoting: Quoting,
): Sql {
  try {
    return fillLiquid(template, context, quoting);
  } catch (cause) {
    if (!(cause instanceof TemplateFault)) throw cause;
    throw new LakeError('MODEL_INVALID', `${what}:${cause.line}:${cause.column}: ${cause.message}`, {
      facts: { what, line: cause.line, column: cause.column },
      cause,
    });
  }
}
