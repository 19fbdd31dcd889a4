import { Button, Group, NumberInput, Switch } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState, type ReactElement } from 'react';
import type { AlertRule } from '../lib/answers.js';
import { act } from '../lib/api.js';
import { useCan } from '../lib/session.js';
import { tell } from './act-button.js';
import { ProblemView } from './answer.js';
import { Rows } from './rows.js';

const MEANINGS: Readonly<Record<AlertRule['kind'], readonly [sentence: string, unit: string]>> = {
  topic_halted: ['A topic is halted', ''],
  table_halted: ['A table is halted', ''],
  lag: ['A topic is further behind than', 'messages'],
  freshness: ['A change waits for its table longer than', 'seconds'],
  aggregation_failed: ['The computation of a month failed', ''],
  audit_failed: ['An audit found rows that must not be', ''],
  disk: ['A disk is fuller than', '%'],
};

/** Which things call somebody; admins change them. */
export function AlertRules({ rules }: { rules: readonly AlertRule[] }): ReactElement {
  const [edited, setEdited] = useState<readonly AlertRule[] | null>(null);
  const isAdmin = useCan('admin');
  const client = useQueryClient();
  const save = useMutation({
    mutationFn: (changed: readonly AlertRule[]) => act('PUT', '/alerts/rules', { rules: changed }),
    onSuccess: async () => {
      tell({ message: 'The rules are kept.' });
      await client.invalidateQueries({ queryKey: ['alerts'] });
      setEdited(null);
    },
  });
  const shown = edited ?? rules;
  const change = (kind: AlertRule['kind'], part: Partial<AlertRule>): void => {
    setEdited(shown.map((rule) => (rule.kind === kind ? { ...rule, ...part } : rule)));
  };
  return (
    <>
      <Rows
        label="Rules"
        rows={shown}
        rowKey={({ kind }) => kind}
        empty="No rule is known."
        columns={[
          {
            head: 'On',
            width: '70px',
            cell: ({ kind, enabled }) => (
              <Switch
                size="sm"
                aria-label={MEANINGS[kind][0]}
                checked={enabled}
                disabled={!isAdmin}
                onChange={(event) => {
                  change(kind, { enabled: event.currentTarget.checked });
                }}
              />
            ),
          },
          { head: 'When', cell: ({ kind }) => MEANINGS[kind][0] },
          {
            head: 'Limit',
            cell: ({ kind, limit }) =>
              limit === null ? null : (
                <NumberInput
                  size="xs"
                  w={190}
                  aria-label={`Limit: ${MEANINGS[kind][0]}`}
                  value={limit}
                  min={1}
                  max={kind === 'disk' ? 100 : undefined}
                  thousandSeparator=","
                  suffix={` ${MEANINGS[kind][1]}`}
                  readOnly={!isAdmin}
                  onChange={(value) => {
                    if (typeof value === 'number') change(kind, { limit: value });
                  }}
                />
              ),
          },
        ]}
      />
      {save.error !== null && <ProblemView error={save.error} />}
      {edited !== null && (
        <Group gap="xs" p="md">
          <Button
            size="xs"
            loading={save.isPending}
            onClick={() => {
              save.mutate(edited);
            }}
          >
            Keep the rules
          </Button>
          <Button
            size="xs"
            variant="default"
            onClick={() => {
              setEdited(null);
            }}
          >
            Leave them
          </Button>
        </Group>
      )}
    </>
  );
}
