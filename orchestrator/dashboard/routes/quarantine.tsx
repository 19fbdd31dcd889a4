import { Button, Group, Select, Stack, Text } from '@mantine/core';
import { IconX } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import type { ReactElement } from 'react';
import { Answer } from '../components/answer.js';
import { Moment } from '../components/moment.js';
import { Page } from '../components/page.js';
import { Panel } from '../components/panel.js';
import { QuarantineRecords } from '../components/quarantine-records.js';
import { Rows } from '../components/rows.js';
import { To } from '../components/links.js';
import { count } from '../lib/format.js';
import { domainsQuery, quarantineGroupsQuery, topicsQuery } from '../lib/queries.js';
import { useFilters } from '../lib/url-state.js';

/** Records that could not be read: by cause, then one by one, then one beside what was expected. */
export function Quarantine(): ReactElement {
  const { filters, set } = useFilters();
  const { topic, domain, reason, batch } = filters;
  const topics = useQuery(topicsQuery);
  const domains = useQuery(domainsQuery);
  const groups = useQuery(quarantineGroupsQuery);
  const isNarrow = reason !== undefined || batch !== undefined;
  return (
    <Page
      title={isNarrow ? (reason ?? `Set aside by batch-${batch ?? ''}`) : 'Records set aside'}
      crumbs={isNarrow ? [{ name: 'Records set aside', to: '/quarantine' }] : []}
    >
      <Stack gap="md">
        {!isNarrow && (
          <>
            <Text fz="sm" c="dimmed" maw={820}>
              A record that can’t be read is set aside, and its table goes on without it. Mend the document in
              HQ, then replay it here; a new change of the record in HQ does as well.
            </Text>
            <Group gap="sm">
              <Select
                aria-label="Topic"
                placeholder="Every topic"
                data={topics.data?.topics.map(({ name }) => name) ?? []}
                value={topic ?? null}
                onChange={(value) => {
                  set({ topic: value ?? '' });
                }}
                clearable
                w={180}
              />
              <Select
                aria-label="Domain"
                placeholder="Every domain"
                data={domains.data?.domains ?? []}
                value={domain ?? null}
                onChange={(value) => {
                  set({ domain: value ?? '' });
                }}
                searchable
                clearable
                w={220}
              />
            </Group>
            <Panel title="By cause" flush>
              <Answer query={groups}>
                {(known) => (
                  <Rows
                    label="Causes"
                    rows={known.groups.filter(
                      (group) =>
                        (topic === undefined || group.topic === topic) &&
                        (domain === undefined || group.domain === domain),
                    )}
                    rowKey={(group) => `${group.topic} ${group.domain} ${group.reason}`}
                    empty={
                      known.groups.length === 0
                        ? 'No record is set aside: every one could be read.'
                        : 'None of this topic and domain.'
                    }
                    columns={[
                      {
                        head: 'Cause',
                        cell: (group) => (
                          <To
                            to="/quarantine"
                            query={{ topic: group.topic, domain: group.domain, reason: group.reason }}
                            className="break"
                          >
                            {group.reason}
                          </To>
                        ),
                      },
                      { head: 'Records', isNumber: true, cell: (group) => count(group.count) },
                      { head: 'Topic', cell: (group) => group.topic },
                      { head: 'Domain', cell: (group) => group.domain },
                      { head: 'Newest', cell: (group) => <Moment at={group.newestAt} /> },
                    ]}
                  />
                )}
              </Answer>
            </Panel>
          </>
        )}
        {isNarrow && (
          <>
            <Group gap={6} className="chips">
              {(['topic', 'domain', 'batch'] as const).map((name) =>
                filters[name] === undefined ? null : (
                  <Button
                    key={name}
                    size="compact-xs"
                    variant="default"
                    rightSection={<IconX size={12} aria-hidden />}
                    aria-label={`Take out ${name} ${filters[name]}`}
                    onClick={() => {
                      set({ [name]: '' });
                    }}
                  >
                    {name}: {filters[name]}
                  </Button>
                ),
              )}
            </Group>
            <QuarantineRecords query={{ topic, domain, reason, batch }} />
          </>
        )}
      </Stack>
    </Page>
  );
}
