/**
 * The Spark properties of every session that may write the lake, in one place: REST-launched drivers read no
 * spark-defaults.conf, so each submission carries them. No secret stands here (properties are visible in `ps`):
 * metastore access is in the conf jar, storage credentials are in the worker's environment.
 */
export interface SessionOptions {
  /** An S3-compatible store other than AWS; path-style addressing is then used. */
  readonly s3Endpoint?: string | undefined;
  readonly s3Region?: string | undefined;
  /** `SPARK_DRIVER_CLASSPATH`: conf jar first, then the runner jar; absolute paths on the worker. */
  readonly driverClasspath: string;
  /** `SPARK_CLASS_ARCHIVE`: a class-data-sharing archive made with exactly this classpath. */
  readonly classArchive?: string | undefined;
  /** For drivers that live for seconds, or stay for small runs (design section 9). Default true. */
  readonly shortLived?: boolean;
  /** More JVM options for the driver, e.g. those that make the archive. */
  readonly driverOptions?: readonly string[];
}

/**
 * Only the C1 compiler. Its code cache is 48 MB then, which a driver that stays warm fills within minutes: compiling stops, and in
 * the end the JVM throws VirtualMachineError out of any call ("out of space in CodeCache for adapters"). With C2, too, it would be 240 MB.
 */
const C1_ONLY: readonly string[] = ['-XX:TieredStopAtLevel=1', '-XX:ReservedCodeCacheSize=240m'];

/**
 * JVM options of drivers that live for seconds, or stay for small runs. Plans of hundreds of columns are garbage a moment later, 800 MB of it
 * per second: G1, whose strength is short pauses in large heaps, took a quarter of the processor; the parallel collector takes half of that.
 */
export const SHORT_LIVED: readonly string[] = [...C1_ONLY, '-XX:+UseParallelGC'];

const LOG_STORE = 'org.dimagi.lake.runner.PutIfAbsentLogStore';

export function deltaSessionProperties(options: SessionOptions): Record<string, string> {
  return {
    'spark.sql.extensions': 'io.delta.sql.DeltaSparkSessionExtension',
    'spark.sql.catalog.spark_catalog': 'org.apache.spark.sql.delta.catalog.DeltaCatalog',
    'spark.sql.catalogImplementation': 'hive',
    // Two drivers on one table can lose commits with Delta's stock stores (design section 4).
    'spark.delta.logStore.file.impl': LOG_STORE,
    'spark.delta.logStore.s3a.impl': LOG_STORE,
    'spark.sql.session.timeZone': 'UTC',
    // Spark's old default, INT96, is read as nanoseconds by others (delta-rs): years before 1677 come out wrong there.
    'spark.sql.parquet.outputTimestampType': 'TIMESTAMP_MICROS',
    // `${…}` inside a literal must stay what it is.
    'spark.sql.variable.substitute': 'false',
    'spark.sql.caseSensitive': 'false',
    'spark.sql.ansi.enabled': 'true',
    // Small batches: the defaults of 50 and 200 cost seconds per statement.
    'spark.databricks.delta.snapshotPartitions': '2',
    'spark.sql.shuffle.partitions': '4',
    'spark.ui.enabled': 'false',
    // Without that page nobody sees the plan that Spark describes for it, anew with each stage: a tenth of a wide MERGE.
    'spark.sql.ui.explainMode': 'simple',
    // Nor what is kept for that page of the last 1,000 statements, their wide plans among it, as long as a warm driver lives.
    'spark.sql.ui.retainedExecutions': '1',
    'spark.ui.retainedJobs': '1',
    'spark.ui.retainedStages': '1',
    'spark.ui.showConsoleProgress': 'false',
    'spark.driver.extraClassPath': options.driverClasspath,
    'spark.executor.extraClassPath': options.driverClasspath,
    'spark.driver.extraJavaOptions': javaOptions(options).join(' '),
    ...s3Properties(options),
  };
}

function javaOptions(options: SessionOptions): string[] {
  return [
    '-Duser.timezone=UTC',
    ...(options.shortLived === false ? [] : SHORT_LIVED),
    ...(options.classArchive === undefined ? [] : [`-XX:SharedArchiveFile=${options.classArchive}`]),
    ...(options.driverOptions ?? []),
  ];
}

function s3Properties(options: SessionOptions): Record<string, string> {
  return {
    ...(options.s3Region === undefined ? {} : { 'spark.hadoop.fs.s3a.endpoint.region': options.s3Region }),
    ...(options.s3Endpoint === undefined
      ? {}
      : {
          'spark.hadoop.fs.s3a.endpoint': options.s3Endpoint,
          'spark.hadoop.fs.s3a.path.style.access': 'true',
          'spark.hadoop.fs.s3a.connection.ssl.enabled': String(options.s3Endpoint.startsWith('https:')),
        }),
  };
}
