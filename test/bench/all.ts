import { formXml } from './form-json.js';
import type { Measurement } from './measurement.js';
import { stage, stageMemory } from './stage.js';

/** In the order they are run and reported. */
export const MEASUREMENTS: readonly Measurement[] = [formXml, stage, stageMemory];
