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
 * @param message null unless the class is known to speak of names and versions only: others quote values
 * @param root Java class of the innermost exception and where it was thrown: tells an outage from a fault
 */
record Failure(
    @JsonProperty("class") String errorClass, String sqlState, String exception, String message, String root) {
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
  /** The operating system's words: no record content. */
  private static final String DISK_FULL = "No space left on device";

  static Failure of(Throwable thrown) {
    Throwable named = null;
    Throwable root = thrown;
    Throwable cause = thrown;
    // Spark wraps: the innermost class (a bad record, a lost file) says more than "reading failed".
    for (int depth = 0; cause != null && depth < DEEPEST; depth++, cause = cause.getCause()) {
      if (errorClass(cause) != null) named = cause;
      root = cause;
    }
    if (named == null) return new Failure(null, null, thrown.getClass().getName(), ownMessage(thrown), place(root));
    String errorClass = errorClass(named);
    String sqlState = named instanceof SparkThrowable spark ? spark.getSqlState() : null;
    boolean tellable = SPEAK_OF_NAMES.stream().anyMatch(errorClass::startsWith);
    String message = tellable ? named.getMessage() : null;
    return new Failure(errorClass, sqlState, named.getClass().getName(), message, place(root));
  }

  /** Whether nobody foresaw it: then something may be wrong with this very process. */
  boolean unforeseen() {
    boolean ofOurs = UnusableInput.class.getName().equals(exception);
    return !ofOurs && (errorClass == null || errorClass.startsWith("INTERNAL_ERROR"));
  }

  private static String place(Throwable root) {
    StackTraceElement[] stack = root.getStackTrace();
    String type = root.getClass().getName();
    String at = stack.length == 0 ? "" : " at " + stack[0].getClassName() + "." + stack[0].getMethodName();
    boolean diskFull = root.getMessage() != null && root.getMessage().contains(DISK_FULL);
    return type + at + (diskFull ? ": " + DISK_FULL : "");
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
