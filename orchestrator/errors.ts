/**
 * Every error code of the control plane, in one table: its class (which decides what happens next), the exit
 * code a command ends with, and the usual mend. `test/unit/documentation.test.ts` proves the table and its
 * page `orchestrator/errors.md` list the same.
 *
 * Classes (design section 4): `transient` is retried with back-off; `data` sets a record aside or halts a table;
 * `capacity` is retried later and slower; `config` and `bug` need a person.
 */
export type FailureClass = 'transient' | 'data' | 'capacity' | 'config' | 'bug';

interface CodeFacts {
  readonly failureClass: FailureClass;
  readonly exitCode: number;
  readonly mend: string;
}

/** Exit codes of every command; documented in README.md. */
export const EXIT = {
  ok: 0,
  failed: 1,
  usage: 2,
  config: 3,
  unreachable: 4,
  halted: 5,
  refused: 6,
  missingTool: 7,
  different: 8,
} as const;

/** One line each; README.md and `--help` show them. */
export const EXIT_MEANINGS: Readonly<Record<keyof typeof EXIT, string>> = {
  ok: 'done',
  failed: 'failed, or ended by a signal before it was done',
  usage: 'wrong command line, unknown topic',
  config: 'a fault in the environment or in lake.yaml',
  unreachable: 'a service does not answer, or Spark has no room: try again later',
  halted: 'a topic or a table is halted; a person has to look',
  refused: 'not allowed: another configuration is active, or ledger and lake do not fit',
  missingTool: 'Java, Maven, Python or Node is missing or too old',
  different: 'HQ and the lake differ, or could not be compared wholly',
};

export const ERROR_CODES = {
  CONFIG_INVALID: config('Mend every fault listed, then run the command again.'),
  CONFIG_NOT_ACTIVE: {
    failureClass: 'config',
    exitCode: EXIT.refused,
    mend: 'Run `dimagi-lake config apply` to make this lake.yaml the active version.',
  },
  HASH_KEY_DIFFERS: {
    failureClass: 'transient',
    exitCode: EXIT.refused,
    mend: 'A process with the right TRANSFORM_HASH_KEY stages the batch; start this one with that key, or apply the new one by `dimagi-lake config apply`.',
  },
  USAGE: { failureClass: 'config', exitCode: EXIT.usage, mend: 'See `dimagi-lake --help`.' },
  TOOL_MISSING: { failureClass: 'config', exitCode: EXIT.missingTool, mend: 'Install the tool named above.' },
  SERVICE_UNREACHABLE: transient(
    'Run `dimagi-lake doctor`: it says which service is down and how to start it.',
  ),
  STACK_FAILED: {
    failureClass: 'config',
    exitCode: EXIT.failed,
    mend: "Read the named service's log under the stack directory's logs folder.",
  },
  STORAGE_FAILED: transient('Check that the storage path is reachable and writable, then retry.'),
  QUERY_FAILED: transient('Run the command again; the reason above says what Spark could not do.'),
  STAGING_DAMAGED: {
    failureClass: 'data',
    exitCode: EXIT.failed,
    mend: 'The batch is extracted again by itself (a manifest of ids must be restored); check the disk under CHECKPOINT_BASE_DIR.',
  },
  LEDGER_FAILED: transient('Check the ledger database, then retry.'),
  LEDGER_BEHIND_LAKE: {
    failureClass: 'config',
    exitCode: EXIT.refused,
    mend: 'The ledger is an older copy than the lake. Restore the newest ledger backup; see deploy/runbook.md.',
  },
  LEDGER_LAKE_MISMATCH: {
    failureClass: 'config',
    exitCode: EXIT.refused,
    mend: 'Point LEDGER_DATABASE_URL and HQ_DATA_PATH at a ledger and a lake that belong together.',
  },
  LEASE_LOST: transient('Another process took the work over; nothing to do.'),
  OFFSETS_LOST: {
    failureClass: 'data',
    exitCode: EXIT.halted,
    mend: 'Kafka no longer holds offsets we have not read: set the partition to its earliest offset, resume the topic, then `dimagi-lake reconcile <domain> --repair` fills the gap (runbook, section 5).',
  },
  KAFKA_FAILED: transient('Check the Kafka brokers, then retry.'),
  KAFKA_TOPIC_UNKNOWN: {
    failureClass: 'config',
    exitCode: EXIT.usage,
    mend: 'Topics are form-sql, case-sql and location; the topic must exist in Kafka.',
  },
  HQ_READ_FAILED: transient("Check HQ's databases, blob store and users' CouchDB, then retry."),
  HQ_STANDBY_BEHIND: transient('The standby is behind the batch; it is read again when it has caught up.'),
  RECORD_UNREADABLE: {
    failureClass: 'data',
    exitCode: EXIT.failed,
    mend: 'The record was set aside in quarantine; mend it in HQ, then replay it.',
  },
  SCOPE_INVALID: {
    failureClass: 'config',
    exitCode: EXIT.usage,
    mend: 'Mend every fault listed, then ask again; `dimagi-lake reprocess --help` has examples.',
  },
  RECONCILE_RUNNING: transient('Another process compares that domain just now: ask again when it is done.'),
  KEY_REUSED: {
    failureClass: 'config',
    exitCode: EXIT.refused,
    mend: 'Use a key of its own for each request; the same key with the same request is harmless.',
  },
  OFFSETS_GONE: {
    failureClass: 'data',
    exitCode: EXIT.failed,
    mend: 'Kafka no longer holds these messages: ask for the time span instead, with --from and --until.',
  },
  REQUEST_ENDED: {
    failureClass: 'config',
    exitCode: EXIT.refused,
    mend: 'Only a running request can be cancelled; one that failed or was cancelled can go on.',
  },
  SOURCE_MISSING: {
    failureClass: 'config',
    exitCode: EXIT.refused,
    mend: 'List the type in lake.yaml under the name that makes this table, apply it and ingest it; `dimagi-lake tables` shows what is there.',
  },
  SPARK_UNREACHABLE: transient(
    'Check the Spark master: is its REST port open and is SPARK_REST_SECRET right?',
  ),
  SPARK_ANSWER_LOST: transient(
    'The driver may have been created all the same; its claim in the ledger tells.',
  ),
  SPARK_REFUSED: {
    failureClass: 'capacity',
    exitCode: EXIT.unreachable,
    mend: 'The Spark master refused the submission; check its log and free resources.',
  },
  STATEMENT_SKIPPED: {
    failureClass: 'bug',
    exitCode: EXIT.halted,
    mend: 'Delta skipped a statement that the log does not hold: the ledger may be an older copy. The table is halted.',
  },
  ROWS_MISCOUNTED: {
    failureClass: 'bug',
    exitCode: EXIT.halted,
    mend: 'Spark read another number of staged rows than was written: check that all workers see CHECKPOINT_BASE_DIR.',
  },
  PREDECESSOR_RUNNING: transient('Another process computes that month just now: ask again when it is done.'),
  PREDECESSOR_UNPUBLISHED: {
    failureClass: 'data',
    exitCode: EXIT.failed,
    mend: 'Compute that month first: `dimagi-lake months <domain>` tells why it is not published.',
  },
  AGGREGATION_FAILED: bug(
    "Spark refused a statement of the model: the run's folder under CHECKPOINT_BASE_DIR/aggregations has script and result.",
  ),
  DELTA_LOG_UNREADABLE: {
    failureClass: 'data',
    exitCode: EXIT.failed,
    mend: "Neither a checksum file nor all commits of the table's log are there; restore the _delta_log folder.",
  },
  MODEL_INVALID: config(
    'Mend every fault listed in the files of spark-jobs/models; its README.md says how a model is written.',
  ),
  WAREHOUSE_FAILED: transient('Check the warehouse database (DASHBOARD_DB_*), then retry.'),
  WAREHOUSE_BUSY: transient(
    'Somebody holds a lock on the table: `SELECT * FROM pg_locks` in the warehouse tells who. The old rows stand; retry.',
  ),
  WAREHOUSE_SCHEMA: {
    failureClass: 'config',
    exitCode: EXIT.refused,
    mend: 'The login of DASHBOARD_DB_USERNAME must own the warehouse database and the tables in it.',
  },
  LOAD_FENCED: {
    failureClass: 'config',
    exitCode: EXIT.refused,
    mend: 'A later run has loaded the month, or is loading it; nothing to do.',
  },
  AUDIT_FAILED: {
    failureClass: 'data',
    exitCode: EXIT.failed,
    mend: 'The new numbers are not published, the old ones stand. The audit and its counts are named above: run its query, mend the data or the model, run the aggregation again.',
  },
  CANCELLED: {
    failureClass: 'config',
    exitCode: EXIT.failed,
    mend: 'Somebody stopped it, for the reason above; nothing is lost. Retry the job, or ask again, when it is to run.',
  },
  PAUSED: {
    failureClass: 'transient',
    exitCode: EXIT.halted,
    mend: 'It is paused, for the reason above: `dimagi-lake pauses` lists pauses, `dimagi-lake resume` lifts one.',
  },
  JOB_UNKNOWN: {
    failureClass: 'config',
    exitCode: EXIT.usage,
    mend: 'Search for the job: GET /api/v1/jobs, or `dimagi-lake batches`.',
  },
  ACT_REFUSED: {
    failureClass: 'config',
    exitCode: EXIT.refused,
    mend: 'Look at the state of the job again; only what is under way can be cancelled, only what stands still be retried.',
  },
  INTERNAL: bug('This is a fault of ours: report it with the message and the log.'),
} as const satisfies Record<string, CodeFacts>;

export type ErrorCode = keyof typeof ERROR_CODES;

/** An error with a code, the facts (ids and counts, never record content) and the mend. */
export class LakeError extends Error {
  readonly code: ErrorCode;
  readonly facts: Readonly<Record<string, unknown>>;
  readonly mend: string;

  constructor(
    code: ErrorCode,
    message: string,
    options: { facts?: Record<string, unknown>; mend?: string; cause?: unknown } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'LakeError';
    this.code = code;
    this.facts = options.facts ?? {};
    this.mend = options.mend ?? ERROR_CODES[code].mend;
  }

  get failureClass(): FailureClass {
    return ERROR_CODES[this.code].failureClass;
  }

  get retryable(): boolean {
    return this.failureClass === 'transient' || this.failureClass === 'capacity';
  }

  get exitCode(): number {
    return ERROR_CODES[this.code].exitCode;
  }
}

/** Wraps anything thrown as a LakeError; an unknown error becomes INTERNAL with the original as its cause. */
export function asLakeError(thrown: unknown): LakeError {
  if (thrown instanceof LakeError) return thrown;
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  return new LakeError('INTERNAL', message, { cause: thrown });
}

function config(mend: string): CodeFacts {
  return { failureClass: 'config', exitCode: EXIT.config, mend };
}

function transient(mend: string): CodeFacts {
  return { failureClass: 'transient', exitCode: EXIT.unreachable, mend };
}

function bug(mend: string): CodeFacts {
  return { failureClass: 'bug', exitCode: EXIT.failed, mend };
}
