package org.dimagi.lake.runner;

import org.apache.spark.sql.SparkSession;

/** The Spark session of a driver: the submission's properties, and what no submission may leave out. */
final class Sessions {
  private Sessions() {}

  static SparkSession open() {
    SparkSession.Builder builder =
        WarehouseCatalog.addTo(SparkSession.builder())
            // Delta's own log stores are safe within one process only.
            .config("spark.delta.logStore.file.impl", PutIfAbsentLogStore.class.getName())
            .config("spark.delta.logStore.s3a.impl", PutIfAbsentLogStore.class.getName())
            // A property of a record may be called ${x}.
            .config("spark.sql.variable.substitute", "false");
    boolean inMemory = "in-memory".equals(System.getProperty("spark.sql.catalogImplementation"));
    return inMemory ? builder.getOrCreate() : builder.enableHiveSupport().getOrCreate();
  }
}
