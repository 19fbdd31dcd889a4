/** A piece of SQL with what it is; `plain` is everything else. */
export interface SqlToken {
  readonly kind: 'key' | 'text' | 'number' | 'remark' | 'plain';
  readonly text: string;
}

const KEYS = new Set(
  `ADD ALL ALTER AND ANTI ANY ARRAY AS ASC BETWEEN BY CASE CAST COLUMN COLUMNS COMMENT CREATE CROSS DATABASE DELETE
  DELTA DESC DISTINCT DROP ELSE END EXISTS EXCEPT FALSE FILTER FROM FULL GROUP HAVING IF IN INNER INSERT INTERVAL INTO
  IS JOIN LATERAL LEFT LIKE LIMIT LOCATION MATCHED MERGE NOT NULL ON OR ORDER OUTER OVER PARTITION PARTITIONED REPLACE
  RIGHT ROWS SELECT SEMI SET STRUCT TABLE TBLPROPERTIES TEMPORARY THEN TRUE UNION UPDATE USING VALUES VIEW WHEN WHERE
  WINDOW WITH`.split(/\s+/),
);

/** Remarks; texts and quoted names with doubled or escaped quotes; numbers; words. What fits none is plain. */
const PIECES =
  /(?<remark>--[^\n]*|\/\*[\s\S]*?\*\/)|(?<text>'(?:[^'\\]|\\.|'')*'|"(?:[^"\\]|\\.|"")*")|(?<name>`(?:[^`]|``)*`)|(?<number>\b\d+(?:\.\d+)?\b)|(?<word>[A-Za-z_][A-Za-z0-9_]*)/g;

/** Cuts SQL into pieces for colouring; joined they are the text again, whatever it holds. */
export function sqlTokens(sql: string): SqlToken[] {
  const tokens: SqlToken[] = [];
  let at = 0;
  for (const found of sql.matchAll(PIECES)) {
    if (found.index > at) tokens.push({ kind: 'plain', text: sql.slice(at, found.index) });
    tokens.push({ kind: kindOf(found.groups ?? {}), text: found[0] });
    at = found.index + found[0].length;
  }
  if (at < sql.length) tokens.push({ kind: 'plain', text: sql.slice(at) });
  return tokens;
}

function kindOf(groups: Record<string, string | undefined>): SqlToken['kind'] {
  if (groups['remark'] !== undefined) return 'remark';
  if (groups['text'] !== undefined) return 'text';
  if (groups['number'] !== undefined) return 'number';
  if (groups['word'] !== undefined && KEYS.has(groups['word'].toUpperCase())) return 'key';
  return 'plain';
}
