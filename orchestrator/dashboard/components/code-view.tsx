import { Group, Text } from '@mantine/core';
import { useMemo, type ReactElement } from 'react';
import { sqlTokens } from '../lib/sql-tokens.js';
import { Copy } from './copy.js';

const CLASSES = {
  key: 'key',
  text: 'text',
  number: 'number-word',
  remark: 'remark',
  plain: undefined,
} as const;

/** Longer scripts are shown uncoloured: making a hundred thousand pieces would freeze the page. */
const LONGEST_COLOURED = 200_000;

export function SqlView({ sql, name }: { sql: string; name: string }): ReactElement {
  const tokens = useMemo(() => (sql.length > LONGEST_COLOURED ? null : sqlTokens(sql)), [sql]);
  return (
    <div>
      <Group justify="space-between" mb={4}>
        <Text fz="xs" c="dimmed" className="break">
          {name}
        </Text>
        <Copy text={sql} what="the SQL" />
      </Group>
      <pre className="code" tabIndex={0} role="region" aria-label={`SQL of ${name}`}>
        {tokens === null
          ? sql
          : tokens.map((token, at) =>
              token.kind === 'plain' ? (
                token.text
              ) : (
                <span key={at} className={CLASSES[token.kind]}>
                  {token.text}
                </span>
              ),
            )}
      </pre>
    </div>
  );
}
