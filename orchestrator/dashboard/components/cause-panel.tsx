import { Code, Group, Text } from '@mantine/core';
import type { ReactElement, ReactNode } from 'react';
import type { Cause } from '../lib/answers.js';
import { ToneIcon } from './state.js';

const CLASSES: Readonly<Record<NonNullable<Cause['failureClass']>, string>> = {
  transient: 'goes away by itself; it is tried again',
  data: 'a record or value that does not fit',
  capacity: 'too little room or too many at once; it is tried again later',
  config: 'a setting has to be changed',
  bug: 'a fault of the program; report it',
};

/** Why it fails, in one sentence, and what to do about it, with the button that does it. */
export function CausePanel({ cause, acts }: { cause: Cause; acts?: ReactNode }): ReactElement {
  return (
    <section
      className="panel tone-bad"
      aria-label="Cause"
      style={{ padding: '14px 18px', borderColor: 'currentcolor' }}
    >
      <Group align="flex-start" wrap="nowrap" gap="md">
        <span style={{ marginTop: 3 }}>
          <ToneIcon tone="bad" size={22} />
        </span>
        <div style={{ flex: 1, minWidth: 0 }}>
          <Text fz="lg" fw={600} className="break">
            {cause.sentence}
          </Text>
          <Text fz="sm" mt={4} c="var(--mantine-color-text)" className="break">
            <b>What to do:</b> {cause.mend}
          </Text>
          {(cause.code !== null || cause.failureClass !== null) && (
            <Text fz="xs" mt={6} c="var(--mantine-color-text)">
              {cause.code !== null && <Code>{cause.code}</Code>}{' '}
              {cause.failureClass !== null && `${cause.failureClass}: ${CLASSES[cause.failureClass]}`}
            </Text>
          )}
        </div>
        {acts !== undefined && <Group gap="xs">{acts}</Group>}
      </Group>
    </section>
  );
}
