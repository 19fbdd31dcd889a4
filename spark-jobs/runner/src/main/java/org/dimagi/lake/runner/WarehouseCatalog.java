package org.dimagi.lake.runner;

import org.apache.spark.sql.SparkSession;

/**
 * The catalog {@code warehouse}: scripts write {@code INSERT INTO warehouse.<schema>.<table>}. Where it is and who writes
 * comes from the worker's environment, so that it stands in no script, property or command line; Spark redacts the
 * password wherever it shows settings.
 */
final class WarehouseCatalog {
  private static final String CATALOG = "spark.sql.catalog.warehouse";
  /** Rows per round trip; the driver packs up to 128 of them into one statement. */
  private static final String BATCH = "5000";
  /** By it the control plane tells its own sessions from readers (orchestrator/warehouse/database.ts). */
  private static final String PARAMETERS =
      "reWriteBatchedInserts=true&tcpKeepAlive=true&ApplicationName=dimagi-lake%20warehouse";

  private WarehouseCatalog() {}

  /** Nothing where the environment names no warehouse. */
  static SparkSession.Builder addTo(SparkSession.Builder builder) {
    String url = System.getenv("WAREHOUSE_JDBC_URL");
    if (url == null || url.isBlank()) return builder;
    return builder
        .config(CATALOG, "org.apache.spark.sql.execution.datasources.v2.jdbc.JDBCTableCatalog")
        .config(CATALOG + ".url", url + (url.contains("?") ? "&" : "?") + PARAMETERS)
        .config(CATALOG + ".driver", "org.postgresql.Driver")
        .config(CATALOG + ".user", System.getenv().getOrDefault("WAREHOUSE_USERNAME", ""))
        .config(CATALOG + ".password", System.getenv().getOrDefault("WAREHOUSE_PASSWORD", ""))
        .config(CATALOG + ".batchsize", BATCH);
  }
}
