import { Button, Group } from '@mantine/core';
import { useMemo, type ReactElement } from 'react';
import type { AuditPage } from '../lib/answers.js';
import { usePages } from '../lib/use-pages.js';
import { useFilters } from '../lib/url-state.js';
import { Answer } from './answer.js';
import { Moment } from './moment.js';
import { Panel } from './panel.js';
import { Rows } from './rows.js';
import { SearchBox } from './search-box.js';

/** Every act and every look at a document: who, what, why, how it ended. */
export function AuditLog(): ReactElement {
  const { filters, set } = useFilters();
  const { who, action } = filters;
  const query = usePages<AuditPage>('audit', '/audit', { who, action, limit: 100 });
  const entries = useMemo(() => query.data?.flatMap((page) => page.entries) ?? [], [query.data]);
  return (
    <>
      <Group gap="sm" mb="sm" maw={620}>
        <SearchBox
          label="Who"
          placeholder="Who: a token’s name"
          value={who ?? ''}
          onSearch={(words) => {
            set({ who: words }, 'replace');
          }}
        />
        <SearchBox
          label="Action"
          placeholder="Action"
          value={action ?? ''}
          onSearch={(words) => {
            set({ action: words }, 'replace');
          }}
        />
      </Group>
      <Panel flush>
        <Answer query={query} bars={8}>
          {() => (
            <Rows
              label="Audit log"
              rows={entries}
              rowKey={({ id }) => id}
              empty={
                who === undefined && action === undefined ? 'Nobody has done anything yet.' : 'No entry fits.'
              }
              columns={[
                { head: 'When', cell: ({ at }) => <Moment at={at} /> },
                { head: 'Who', cell: (entry) => `${entry.who} (${entry.role})` },
                { head: 'Action', cell: (entry) => entry.action },
                { head: 'What', cell: ({ target }) => <span className="break">{target ?? '–'}</span> },
                { head: 'Why', cell: ({ reason }) => <span className="break">{reason ?? '–'}</span> },
                { head: 'Outcome', cell: ({ outcome }) => <span className="break">{outcome}</span> },
                { head: 'From', cell: ({ address }) => address ?? '–' },
              ]}
            />
          )}
        </Answer>
        {query.hasNextPage && (
          <Button variant="default" size="xs" m="md" loading={query.isFetchingNextPage} onClick={query.more}>
            Older entries
          </Button>
        )}
      </Panel>
    </>
  );
}
