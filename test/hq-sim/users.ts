import { randomUUID } from 'node:crypto';
import { systemForm, type CaseBlock } from './case-block.js';
import type { HqContext } from './context.js';
import { submitForms } from './submit.js';

/** The case type HQ mirrors mobile workers into. */
export const USERCASE_TYPE = 'commcare-user';
const USERCASE_DEVICE = 'corehq.apps.callcenter.sync_usercase';

export interface MobileWorker {
  readonly userId: string;
  readonly username: string;
  /** Null = the worker has no location. */
  readonly locationId: string | null;
  /** Default: derived by HQ's submission; give it to find the usercase again. */
  readonly caseId: string;
  readonly formId?: string;
  readonly data?: Readonly<Record<string, string>>;
}

/** Creates or resubmits the worker's usercase, as HQ does whenever a user is saved. */
export async function saveUser(ctx: HqContext, domain: string, worker: MobileWorker): Promise<void> {
  const at = ctx.clock.next();
  const block: CaseBlock = {
    caseId: worker.caseId,
    dateModified: at,
    userId: 'system',
    create: { type: USERCASE_TYPE, name: worker.username, ownerId: worker.userId },
    update: {
      ...worker.data,
      hq_user_id: worker.userId,
      username: worker.username,
      commcare_location_id: worker.locationId ?? '',
      commcare_location_ids: worker.locationId ?? '',
      commcare_project: domain,
    },
  };
  const xml = systemForm(worker.formId ?? randomUUID().replaceAll('-', ''), [block], at, USERCASE_DEVICE);
  await submitForms(ctx, [{ xml, domain }]);
}
