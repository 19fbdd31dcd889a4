/** Every variable that ingestion needs, with secrets that can be looked for. */
export function completeEnvironment(): Record<string, string> {
  return {
    KAFKA_BOOTSTRAP_SERVER_HOST: 'kafka',
    KAFKA_BOOTSTRAP_SERVER_PORT: '9092',
    LEDGER_DATABASE_URL: 'postgresql://ledger:ledger-password@db/ledger',
    LEDGER_RUNNER_DATABASE_URL: 'postgresql://dimagi_runner:runner-password@db/ledger',
    CHECKPOINT_BASE_DIR: 's3a://checkpoint/a',
    HQ_DATA_PATH: 's3a://lake',
    S3_ENDPOINT: 'http://127.0.0.1:7070',
    AWS_ACCESS_KEY_ID: 'aws-key',
    AWS_SECRET_ACCESS_KEY: 'aws-secret',
    HQ_DATABASE_URL: 'postgresql://hq:hq-password@db/hq',
    HQ_SHARD_DATABASE_URLS: 'postgresql://hq:hq-password@p1/hq, postgresql://hq:hq-password@p2/hq,',
    HQ_BLOB_STORE: 's3://blobs',
    SPARK_MASTER_URL: 'spark://a:7077,b:7077',
    SPARK_REST_URLS: 'http://a:6066,http://b:6066',
    SPARK_REST_SECRET: 'rest-secret',
    SPARK_DRIVER_CLASSPATH: '/conf.jar:/runner.jar',
    REDIS_URL: 'redis://:redis-password@redis',
    LAKE_CONFIG: '/etc/lake.yaml',
  };
}
