import type { DoctorEnvironment } from '../../orchestrator/config/doctor-environment.js';
import { runCheck, type Check, type Finding } from './check.js';
import { HQ_CHECKS } from './hq-checks.js';
import { SERVICE_CHECKS } from './service-checks.js';
import { SPARK_CHECKS } from './spark-checks.js';
import { STORAGE_CHECKS } from './storage-checks.js';

/** Everything the doctor looks at, in the order it is shown. A new check goes into one of these lists. */
export const CHECKS: readonly Check[] = [...SERVICE_CHECKS, ...HQ_CHECKS, ...SPARK_CHECKS, ...STORAGE_CHECKS];

/** Looks at every service the environment names, all at once. It changes nothing but probe files it deletes. */
export function examine(
  environment: DoctorEnvironment,
  checks: readonly Check[],
): Promise<readonly Finding[]> {
  return Promise.all(checks.map((check) => runCheck(check, environment)));
}
