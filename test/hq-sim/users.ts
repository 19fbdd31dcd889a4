import { randomUUID } from 'node:crypto';
import { LakeError } from '../../orchestrator/errors.js';
import { systemForm, type CaseBlock } from './case-block.js';
import type { HqContext } from './context.js';
import { submitForms } from './submit.js';
import type { MobileWorker, WebUser } from './user.js';

/** The case type HQ mirrors mobile workers into. */
export const USERCASE_TYPE = 'commcare-user';
const USERCASE_DEVICE = 'corehq.apps.callcenter.sync_usercase';

/**
 * Saves a mobile worker as HQ does: her document in CouchDB; without a CouchDB, her usercase alone. With one, usercases are
 * switched off, as in most domains.
 */
export async function saveUser(ctx: HqContext, domain: string, worker: MobileWorker): Promise<void> {
  if (ctx.couch === null) await saveUsercase(ctx, domain, worker);
  else await ctx.couch.saveWorker(domain, worker);
}

/** @throws LakeError USAGE without a CouchDB: usercases are of mobile workers only */
export async function saveWebUser(ctx: HqContext, user: WebUser): Promise<void> {
  if (ctx.couch === null) throw new LakeError('USAGE', 'Web users need a CouchDB');
  await ctx.couch.saveWebUser(user);
}

async function saveUsercase(ctx: HqContext, domain: string, worker: MobileWorker): Promise<void> {
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
