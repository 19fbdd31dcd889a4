import { Button, Group, Radio, Select, SimpleGrid, Stack, Text, Textarea, TextInput } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import type { ReactElement } from 'react';
import { domainsQuery, tablesQuery } from '../lib/queries.js';
import { WAYS, type ScopeForm, type Way } from '../lib/reprocess-scope.js';

const MOST_TABLES = 2000;

const WORDS: Readonly<Record<Way, readonly [label: string, description: string]>> = {
  everything: ['All of it', 'every record of the domain, or of the table, that the lake has'],
  ids: ['By id', 'records you can name'],
  window: ['A time window', 'records that HQ received or changed in it'],
  month: ['A month', 'the lake’s records of the month, and what HQ received or opened in it'],
  offsets: ['Offsets', 'messages that Kafka still has'],
  migration: ['Everything HQ has', 'also what is older than Kafka keeps: the first fill of a domain'],
};

/** Which records: a domain, perhaps a table, and one way of choosing among them. */
export function ReprocessScopeForm({
  form,
  change,
  missing,
  isBusy,
  submit,
}: {
  form: ScopeForm;
  change: (part: Partial<ScopeForm>) => void;
  /** What stands in the way; null: nothing. */
  missing: string | null;
  isBusy: boolean;
  submit: () => void;
}): ReactElement {
  const domains = useQuery(domainsQuery);
  const tables = useQuery({
    ...tablesQuery({ domain: form.domain, limit: MOST_TABLES }),
    enabled: form.domain !== '',
  });
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        if (missing === null) submit();
      }}
    >
      <Stack gap="md">
        <SimpleGrid cols={{ base: 1, sm: 2 }}>
          <Select
            label="Domain"
            data={domains.data?.domains ?? []}
            value={form.domain === '' ? null : form.domain}
            onChange={(value) => {
              change({ domain: value ?? '', table: '' });
            }}
            searchable
            required
          />
          <Select
            label="Table"
            placeholder="Every table of the domain"
            data={(tables.data?.tables ?? [])
              .filter(({ kind }) => kind !== 'aggregation')
              .map(({ name }) => name)}
            value={form.table === '' ? null : form.table}
            onChange={(value) => {
              change({ table: value ?? '' });
            }}
            disabled={form.domain === '' || form.way === 'migration'}
            searchable
            clearable
          />
        </SimpleGrid>
        <Radio.Group
          label="Which of its records"
          value={form.way}
          onChange={(value) => {
            change({ way: WAYS.find((way) => way === value) ?? 'everything' });
          }}
        >
          <SimpleGrid cols={{ base: 1, sm: 2 }} mt={6} spacing={8}>
            {WAYS.map((way) => (
              <Radio key={way} value={way} label={WORDS[way][0]} description={WORDS[way][1]} />
            ))}
          </SimpleGrid>
        </Radio.Group>
        <WayFields form={form} change={change} />
        <Group gap="sm">
          <Button type="submit" loading={isBusy} disabled={missing !== null}>
            Count first
          </Button>
          <Text fz="sm" c="dimmed" role="status">
            {missing ?? 'Nothing is started yet: this only counts.'}
          </Text>
        </Group>
      </Stack>
    </form>
  );
}

function WayFields({
  form,
  change,
}: {
  form: ScopeForm;
  change: (part: Partial<ScopeForm>) => void;
}): ReactElement | null {
  switch (form.way) {
    case 'ids':
      return (
        <Textarea
          label="Ids"
          description="One a line, or with commas or blanks between; 100,000 at most."
          value={form.ids}
          onChange={(event) => {
            change({ ids: event.currentTarget.value });
          }}
          autosize
          minRows={3}
          maxRows={12}
        />
      );
    case 'window':
      return (
        <SimpleGrid cols={{ base: 1, sm: 2 }}>
          {(['from', 'until'] as const).map((end) => (
            <TextInput
              key={end}
              type="datetime-local"
              label={end === 'from' ? 'From (inclusive)' : 'Until (exclusive)'}
              description={`In your time zone, ${Intl.DateTimeFormat().resolvedOptions().timeZone}`}
              value={form[end]}
              onChange={(event) => {
                change({ [end]: event.currentTarget.value });
              }}
            />
          ))}
        </SimpleGrid>
      );
    case 'month':
      return (
        <TextInput
          type="month"
          label="Month"
          placeholder="2026-01"
          value={form.month}
          onChange={(event) => {
            change({ month: event.currentTarget.value });
          }}
          maw={240}
        />
      );
    case 'offsets':
      return (
        <Stack gap="sm">
          <Select
            label="Topic"
            data={['form-sql', 'case-sql', 'location']}
            value={form.topic === '' ? null : form.topic}
            onChange={(value) => {
              change({ topic: value ?? '' });
            }}
            maw={240}
          />
          <Textarea
            label="Ranges"
            description="One a line: partition: from (inclusive) - until (exclusive), such as 0: 1200 - 1450"
            value={form.offsets}
            onChange={(event) => {
              change({ offsets: event.currentTarget.value });
            }}
            autosize
            minRows={2}
            maxRows={10}
          />
        </Stack>
      );
    case 'everything':
    case 'migration':
      return null;
  }
}
