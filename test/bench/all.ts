import { aggregation } from './aggregation.js';
import { backfill } from './backfill.js';
import { batch } from './batch.js';
import { formXml } from './form-json.js';
import { freshness } from './freshness.js';
import { jobs } from './jobs.js';
import { load } from './load.js';
import { maintenance } from './maintenance.js';
import type { Measurement } from './measurement.js';
import { merge5m } from './merge-5m.js';
import { mergeGrowth } from './merge-growth.js';
import { original } from './original.js';
import { rewrite } from './rewrite.js';
import { stage, stageMemory } from './stage.js';
import { steady } from './steady.js';
import { submitOverhead } from './submit-overhead.js';
import { warmMerge } from './warm-merge.js';

/** In the order they are run and reported. */
export const MEASUREMENTS: readonly Measurement[] = [
  formXml,
  stage,
  stageMemory,
  batch,
  freshness,
  submitOverhead,
  steady,
  backfill,
  original,
  warmMerge,
  merge5m,
  mergeGrowth,
  jobs,
  rewrite,
  aggregation,
  load,
  maintenance,
];
