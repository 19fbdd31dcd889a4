import {
  blobStorageEnvironment,
  type BlobEnvironment,
  type IngestionEnvironment,
} from '../config/environment.js';
import type { Extracted } from '../types.js';
import { openBlobStore } from './blobs.js';
import { extractCases } from './cases.js';
import { extractForms } from './forms.js';
import { HqDatabase } from './hq-database.js';
import { hqRecords } from './hq-records.js';
import { hqRevisions } from './hq-revisions.js';
import { locationTypesOf } from './location-types.js';
import { extractLocations } from './locations.js';
import { rawDocument } from './raw-document.js';
import type { ExtractRequest, HqSource } from './request.js';
import { Shards } from './shards.js';
import type { Hq } from './stores.js';
import { openUserLocations } from './users/open-users.js';

type HqEnvironment = BlobEnvironment &
  Pick<IngestionEnvironment, 'HQ_DATABASE_URL' | 'HQ_SHARD_DATABASE_URLS' | 'HQ_BLOB_STORE' | 'HQ_USERS'>;

/** HQ's own stores, read without HQ's code. Connections are made when first needed. */
export function openHq(environment: HqEnvironment): HqSource {
  const main = new HqDatabase(environment.HQ_DATABASE_URL);
  const shardUrls = new Set(environment.HQ_SHARD_DATABASE_URLS ?? [environment.HQ_DATABASE_URL]);
  const databases = [...shardUrls].map((url) =>
    url === environment.HQ_DATABASE_URL ? main : new HqDatabase(url),
  );
  const shards = new Shards(databases, main);
  const hq: Hq = {
    main,
    shards,
    blobs: openBlobStore(environment.HQ_BLOB_STORE, blobStorageEnvironment(environment)),
    users: openUserLocations(environment.HQ_USERS, shards),
  };
  return {
    extract: (request) => extracted(hq, request),
    locationTypes: locationTypesOf(main),
    records: hqRecords(main, shards),
    revisions: hqRevisions(main, shards),
    raw: (kind, domain, id) => rawDocument(hq, kind, domain, id),
    async close() {
      await Promise.all([...new Set([main, ...databases])].map((database) => database.close()));
      hq.blobs.close();
    },
  };
}

async function* extracted(hq: Hq, request: ExtractRequest): AsyncGenerator<Extracted> {
  const asked = [...new Set(request.ids)];
  // Postgres cannot hold a NUL, so no record has such an id; asking for it would fail the ids beside it too.
  const ids = asked.filter((id) => !id.includes('\0'));
  for (const id of asked) {
    if (id.includes('\0')) yield { op: 'delete', kind: request.kind, domain: request.domain, id };
  }
  for await (const record of recordsOf(hq, request, ids)) {
    request.signal?.throwIfAborted();
    yield record;
  }
}

function recordsOf(hq: Hq, request: ExtractRequest, ids: readonly string[]): AsyncIterable<Extracted> {
  switch (request.kind) {
    case 'form':
      return extractForms(hq, request, ids);
    case 'case':
      return extractCases(hq, request, ids);
    case 'location':
      return extractLocations(hq, request, ids);
  }
}
