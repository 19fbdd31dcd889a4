// Reads one hostile document from a real blob store, as staging does, in a process of its own whose memory is limited.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { openBlobStore } from '../../orchestrator/extract/blobs.js';
import type { FormRow } from '../../orchestrator/extract/form-row.js';
import { readFormDocument } from '../../orchestrator/extract/form-xml.js';
import { BOMBS, type BombName } from './hostile-documents.js';

const bomb: { bytes(): Buffer; readonly compressed?: true } = BOMBS[process.argv[2] as BombName];
const folder = mkdtempSync(join(tmpdir(), 'hostile-'));
try {
  writeFileSync(join(folder, 'blob'), bomb.bytes());
  const blobs = openBlobStore(pathToFileURL(folder).href, {} as Parameters<typeof openBlobStore>[1]);
  const row = { blob_key: 'blob', compressed: bomb.compressed === true } as FormRow;
  const read = await readFormDocument(blobs, row);
  process.stdout.write(`${'form' in read ? 'a form' : read.reason}\n`);
} finally {
  rmSync(folder, { recursive: true });
}
