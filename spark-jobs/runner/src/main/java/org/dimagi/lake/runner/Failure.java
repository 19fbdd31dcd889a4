package org.dimagi.lake.runner;

import com.fasterxml.jackson.annotation.JsonProperty;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.spark.SparkThrowable;

/**
 * Why a statement failed, without record content.
 *
 * @param errorClass Spark's or Delta's error class; null when no exception in the chain has one
 * @param exception Java class that carries it
 * @param cause Java class of the innermost exception: what Spark calls a failed plan may be a network that is down
 * @param message null unless the class is known to speak of names and versions only: others quote values
 */
record Failure(
    @JsonProperty("class") String errorClass, String sqlState, String exception, String cause, String message) {
  private static final List<String> SPEAK_OF_NAMES =
      List.of(
          "DELTA_CONCURRENT_", "DELTA_METADATA_CHANGED", "DELTA_PROTOCOL_CHANGED", "DELTA_TABLE_NOT_FOUND",
          "DELTA_PATH_DOES_NOT_EXIST", "DELTA_MULTIPLE_SOURCE_ROW_MATCHING", "DELTA_MERGE_UNRESOLVED_EXPRESSION",
          "DELTA_FAILED_TO_MERGE_FIELDS", "DELTA_UPDATE_SCHEMA_MISMATCH_EXPRESSION", "DELTA_SCHEMA_",
          "TABLE_OR_VIEW_NOT_FOUND", "TABLE_OR_VIEW_ALREADY_EXISTS", "SCHEMA_NOT_FOUND", "PARSE_SYNTAX_ERROR",
          "UNRESOLVED_COLUMN", "UNRESOLVED_ROUTINE", "UNRESOLVED_FIELD", "FIELD_NOT_FOUND", "FIELD_ALREADY_EXISTS",
          "COLUMN_ALREADY_EXISTS", "DATATYPE_MISMATCH", "PATH_NOT_FOUND", "CANNOT_MODIFY_");
  private static final Pattern BRACKETED = Pattern.compile("^\\[([A-Z][A-Z0-9_]*(?:\\.[A-Z0-9_]+)*)]");
  private static final int DEEPEST = 30;

  static Failure of(Throwable thrown) {
    Throwable carrier = null;
    Throwable innermost = thrown;
    // Spark wraps: the innermost class (a bad record, a lost file) says more than "reading failed".
    for (int depth = 0; depth < DEEPEST; depth++, innermost = innermost.getCause()) {
      if (errorClass(innermost) != null) carrier = innermost;
      if (innermost.getCause() == null) break;
    }
    String cause = innermost.getClass().getName();
    if (carrier == null) return new Failure(null, null, thrown.getClass().getName(), cause, ownMessage(thrown));
    String errorClass = errorClass(carrier);
    String sqlState = carrier instanceof SparkThrowable spark ? spark.getSqlState() : null;
    boolean tellable = SPEAK_OF_NAMES.stream().anyMatch(errorClass::startsWith);
    return new Failure(errorClass, sqlState, carrier.getClass().getName(), cause, tellable ? carrier.getMessage() : null);
  }

  private static String errorClass(Throwable cause) {
    if (cause instanceof SparkThrowable spark && spark.getCondition() != null) return spark.getCondition();
    // A task's failure can arrive as text only, starting with its class in brackets.
    Matcher start = BRACKETED.matcher(cause.getMessage() == null ? "" : cause.getMessage());
    return start.find() ? start.group(1) : null;
  }

  private static String ownMessage(Throwable thrown) {
    return thrown instanceof UnusableInput ? thrown.getMessage() : null;
  }
}
