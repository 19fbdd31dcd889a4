package org.dimagi.lake.runner;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A lane's statements. The format has one rule, so that nothing inside SQL can be mistaken for it: a statement ends
 * with a line that is exactly {@code ;}. Lines before a statement's first line that start with {@code --} are comments
 * for the reader. No commands, no includes, no substitution.
 */
record Script(List<Statement> statements) {
  static Script parse(String text) {
    List<Statement> statements = new ArrayList<>();
    StringBuilder open = new StringBuilder();
    for (String line : text.split("\r?\n", -1)) {
      if (line.equals(";")) {
        if (open.isEmpty()) throw new UnusableInput("a script has an empty statement");
        statements.add(Statement.of(open.substring(0, open.length() - 1)));
        open.setLength(0);
      } else if (!open.isEmpty() || !(line.isBlank() || line.startsWith("--"))) {
        open.append(line).append('\n');
      }
    }
    // A script cut off in the middle must not run its first half as if it were whole.
    if (!open.isEmpty()) throw new UnusableInput("a script's last statement does not end with a line ';'");
    return new Script(List.copyOf(statements));
  }

  /** Either SQL for Spark, or one session setting. */
  sealed interface Statement {
    record Sql(String text) implements Statement {}

    /** Applied by the runner itself: Spark's parser would look for comments and quotes in the value. */
    record Setting(String key, String value) implements Statement {}

    Pattern SETTING = Pattern.compile("\\s*SET\\s+([\\w.\\-]+)\\s*=(.*)", Pattern.CASE_INSENSITIVE | Pattern.DOTALL);

    static Statement of(String text) {
      Matcher setting = SETTING.matcher(text);
      return setting.matches() ? new Setting(setting.group(1), setting.group(2).strip()) : new Sql(text);
    }
  }
}
