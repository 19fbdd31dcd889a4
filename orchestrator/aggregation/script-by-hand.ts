import type { AggregationContext } from './context.js';
import type { Model } from './model.js';
import { renderModel } from './models/render-model.js';
import { pinSources } from './pin-sources.js';
import { renderOptions } from './run-aggregation.js';

/**
 * What an aggregation would compute, as a script for spark-sql or beeline: the views over its sources as they are now, then
 * the model's SELECT. Nothing is written.
 */
export async function scriptByHand(
  context: AggregationContext,
  model: Model,
  domain: string,
  month: string,
): Promise<string> {
  const target = { domain, model: model.table, month: model.monthly ? month : null };
  const { views } = await pinSources(context, model, target);
  const select = renderModel(model, renderOptions(context, target));
  return `${[...views, select].join('\n')}\n;`;
}
