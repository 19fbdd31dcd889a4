import { randomUUID } from 'node:crypto';
import { LakeError } from '../../orchestrator/errors.js';
import { openBlobStore, type S3Settings } from './blob-store.js';
import { systemForm, type CaseBlock } from './case-block.js';
import {
  openChangeFeed,
  type Change,
  type ChangeMeta,
  type KafkaOptions,
  type PublishOptions,
} from './change-feed.js';
import { systemClock, type Clock } from './clock.js';
import type { HqContext } from './context.js';
import { openCouchUsers } from './couch-users.js';
import { openDatabases } from './databases.js';
import { loadXml } from './form-store.js';
import * as locations from './locations.js';
import * as removal from './remove.js';
import * as revision from './revise.js';
import type { Submission } from './read-form.js';
import { submitForms, type SubmitOptions } from './submit.js';
import type { MobileWorker, WebUser } from './user.js';
import { saveUser, saveWebUser } from './users.js';

export interface HqOptions {
  readonly mainUrl: string;
  /** None = not partitioned, everything in the main database. */
  readonly shardUrls?: readonly string[];
  /** `file:///dir` or `s3://bucket`. */
  readonly blobStore: string;
  readonly s3?: S3Settings;
  /** Left out: nothing is sent to Kafka (`onChange` still hears it). */
  readonly kafka?: KafkaOptions;
  /** `couchdb+http://login:password@host:port/database`: users are documents there. Left out: usercases. */
  readonly users?: string;
  readonly clock?: Clock;
  readonly onChange?: (topic: string, change: ChangeMeta) => void;
}

export type Hq = ReturnType<typeof actsOf> & { readonly context: HqContext; close(): Promise<void> };

/** Opens HQ's stores, creating tables, blob folder or bucket where missing. @throws LakeError SERVICE_UNREACHABLE */
export async function openHq(options: HqOptions): Promise<Hq> {
  const clock = options.clock ?? systemClock();
  const databases = await openDatabases(options.mainUrl, options.shardUrls ?? []);
  try {
    const blobs = await openBlobStore(options.blobStore, options.s3);
    const feed = await openChangeFeed({
      kafka: options.kafka ?? null,
      clock,
      ...(options.onChange === undefined ? {} : { onChange: options.onChange }),
    });
    const couch = options.users === undefined ? null : await openCouchUsers(options.users, clock);
    const context: HqContext = { databases, blobs, feed, clock, couch };
    return {
      ...actsOf(context),
      context,
      async close() {
        await feed.close();
        await databases.close();
      },
    };
  } catch (cause) {
    await databases.close();
    throw new LakeError('SERVICE_UNREACHABLE', "HQ's blob store, Kafka or CouchDB cannot be opened", {
      cause,
    });
  }
}

/** Everything that can happen in HQ. */
function actsOf(ctx: HqContext) {
  return { ...submissionActs(ctx), ...documentActs(ctx), ...locationActs(ctx), ...messageActs(ctx) };
}

function submissionActs(ctx: HqContext) {
  return {
    /** @returns the id the form is stored under */
    async submitForm(xml: string, given: Omit<Submission, 'xml'>): Promise<string> {
      const [id = ''] = await submitForms(ctx, [{ ...given, xml }]);
      return id;
    },
    submitForms: (forms: readonly Submission[], options?: SubmitOptions) => submitForms(ctx, forms, options),
    /** A system form with these case blocks: create, update, close, re-index, change case_type. */
    async submitCases(
      domain: string,
      blocks: readonly Omit<CaseBlock, 'dateModified' | 'userId'>[],
    ): Promise<string> {
      const at = ctx.clock.next();
      const whole = blocks.map((block) => ({ dateModified: at, userId: 'system', ...block }));
      const [id = ''] = await submitForms(ctx, [
        { xml: systemForm(randomUUID(), whole, at, 'system'), domain },
      ]);
      return id;
    },
    saveUser: (domain: string, worker: MobileWorker) => saveUser(ctx, domain, worker),
    saveWebUser: (user: WebUser) => saveWebUser(ctx, user),
  };
}

function documentActs(ctx: HqContext) {
  return {
    formXml: (formId: string) => loadXml(ctx, formId),
    editForm: (xml: string, given: Omit<Submission, 'xml'>) => revision.editForm(ctx, { ...given, xml }),
    scrubForm: (formId: string, xml: string) => revision.scrubForm(ctx, formId, xml),
    archiveForm: (formId: string, userId?: string | null) => revision.archiveForm(ctx, formId, userId),
    unarchiveForm: (formId: string, userId?: string | null) => revision.unarchiveForm(ctx, formId, userId),
    deleteForms: (domain: string, ids: readonly string[]) => removal.deleteForms(ctx, domain, ids),
    undeleteForms: (domain: string, ids: readonly string[]) => removal.undeleteForms(ctx, domain, ids),
    deleteCases: (domain: string, ids: readonly string[]) => removal.deleteCases(ctx, domain, ids),
    undeleteCases: (domain: string, ids: readonly string[]) => removal.undeleteCases(ctx, domain, ids),
    purgeForms: (domain: string, ids: readonly string[]) => removal.purgeForms(ctx, domain, ids),
    purgeCases: (domain: string, ids: readonly string[]) => removal.purgeCases(ctx, domain, ids),
    republish: (ids: readonly string[], again?: { readonly attempts?: number }) =>
      removal.republish(ctx, ids, again),
    republishGone: (topic: 'form-sql' | 'case-sql', domain: string, ids: readonly string[]) =>
      removal.republishGone(ctx, topic, domain, ids),
    deleteUser: (domain: string, userId: string) => removal.deleteUser(ctx, domain, userId),
  };
}

function locationActs(ctx: HqContext) {
  return {
    createLocationTypes: (domain: string, types: readonly locations.NewLocationType[]) =>
      locations.createLocationTypes(ctx, domain, types),
    editLocationType: (domain: string, code: string, change: locations.LocationTypeChange) =>
      locations.editLocationType(ctx, domain, code, change),
    deleteLocationType: (domain: string, code: string) => locations.deleteLocationType(ctx, domain, code),
    createLocations: (domain: string, list: readonly locations.NewLocation[]) =>
      locations.createLocations(ctx, domain, list),
    editLocation: (id: string, change: locations.LocationChange) => locations.editLocation(ctx, id, change),
    moveLocation: (id: string, parentId: string | null) => locations.editLocation(ctx, id, { parentId }),
    retypeLocation: (id: string, typeCode: string) => locations.editLocation(ctx, id, { typeCode }),
    renameLocation: (id: string, name: string) => locations.editLocation(ctx, id, { name }),
    archiveLocation: (id: string) => locations.archiveLocation(ctx, id),
    unarchiveLocation: (id: string) => locations.unarchiveLocation(ctx, id),
    deleteLocation: (id: string) => locations.deleteLocation(ctx, id),
  };
}

function messageActs(ctx: HqContext) {
  return {
    /** A message of HQ's shape that nothing in the stores stands behind. */
    publish: (topic: string, change: Change, options?: PublishOptions) =>
      ctx.feed.send(topic, [change], options),
    /** Any bytes at all. */
    publishRaw: (
      topic: string,
      key: string | null,
      value: string | Buffer | null,
      options?: PublishOptions,
    ) => ctx.feed.sendRaw(topic, key, value, options),
  };
}
