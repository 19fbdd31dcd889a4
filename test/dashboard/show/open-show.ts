import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { createLogger } from '../../../orchestrator/logger.js';
import { FileStorage } from '../../../orchestrator/storage/file-storage.js';
import { SparkRest } from '../../../orchestrator/submit/spark-rest.js';
import { startTestApi, type ApiUnderTest } from '../../helpers/api-under-test.js';
import { openLedger, type FreshLedger } from '../../integration/ledger/fresh-ledger.js';
import { fillShow, SHOWN } from './fill-show.js';
import { picturedLag } from './lag.js';
import { openShownHq } from './open-hq.js';

/** The script that the halted lane's runs were given. */
const SCRIPT = `-- lane 1022, table commcarehq_nutrition_demo.raw_child_weight_height_form, batch of form-sql
MERGE INTO delta.\`file:///lake/commcare/nutrition-demo/form-sql/9A41CE0F\` AS t
USING (
  SELECT s._id, s.domain, s.received_on, s.form__height,
         CASE WHEN s.form__weight RLIKE '^[+-]?[0-9]+([.][0-9]+)?$' THEN CAST(s.form__weight AS DOUBLE) END AS form__weight
  FROM staged AS s
) AS s
ON t._id = s._id
WHEN MATCHED AND s._op = 'delete' THEN DELETE
WHEN MATCHED AND s._rev >= t._rev THEN UPDATE SET
  t.domain = s.domain, t.received_on = s.received_on, t.form__height = s.form__height, t.form__weight = s.form__weight
WHEN NOT MATCHED AND s._op = 'upsert' THEN INSERT (_id, domain, received_on, form__height, form__weight)
  VALUES (s._id, s.domain, s.received_on, s.form__height, s.form__weight);
`;

/** The shown lake behind a real API. */
export interface Show {
  readonly api: ApiUnderTest;
  readonly ledger: FreshLedger;
  readonly haltedBatch: string;
  close(): Promise<void>;
}

export interface ShowOptions {
  /** Offsets are made up, for there is no Kafka: pictures only, never a test. */
  readonly isPicture: boolean;
  /** A lake that nothing was brought into yet. */
  readonly isEmpty?: boolean;
}

export async function openShow({ isPicture, isEmpty = false }: ShowOptions): Promise<Show> {
  const ledger = await openLedger();
  const haltedBatch = isEmpty ? '' : await fillShow(ledger.database);
  const folder = await mkdtemp(join(tmpdir(), 'show-'));
  const checkpoint = new FileStorage(pathToFileURL(folder).href);
  await checkpoint.write(`runs/form-sql${SHOWN.haltedSequence}/lanes/${SHOWN.haltedTable}.sql`, SCRIPT);
  const hq = await openShownHq(ledger, folder);
  const logger = createLogger({ level: 'error' });
  const jobs = {
    ...{ database: ledger.database, checkpoint, logger, workerLogs: null, aggregation: null, secrets: [] },
    // Nothing listens there: Spark is away.
    spark: new SparkRest(['http://127.0.0.1:9'], undefined),
  };
  const api = await startTestApi(ledger, { jobs, hq, ...(isPicture ? { kafka: picturedLag() } : {}) });
  return {
    ...{ api, ledger, haltedBatch },
    async close() {
      await api.close();
      await hq.close();
      await ledger.close();
      await rm(folder, { recursive: true });
    },
  };
}
