import { aggregation } from './aggregation.js';
import { batch } from './batch.js';
import { formXml } from './form-json.js';
import { freshness } from './freshness.js';
import { jobs } from './jobs.js';
import { load } from './load.js';
import { maintenance } from './maintenance.js';
import type { Measurement } from './measurement.js';
import { rewrite } from './rewrite.js';
import { stage, stageMemory } from './stage.js';

/** In the order they are run and reported. */
export const MEASUREMENTS: readonly Measurement[] = [
  formXml,
  stage,
  stageMemory,
  batch,
  freshness,
  jobs,
  rewrite,
  aggregation,
  load,
  maintenance,
];
