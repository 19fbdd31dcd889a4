import { Checkbox, Group, Select, Stack, Text } from '@mantine/core';
import { IconScale } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useState, type ReactElement } from 'react';
import { ActButton } from '../components/act-button.js';
import { Answer } from '../components/answer.js';
import { To } from '../components/links.js';
import { Moment } from '../components/moment.js';
import { Page } from '../components/page.js';
import { Panel } from '../components/panel.js';
import { ReconcileFindings } from '../components/reconcile-findings.js';
import { Rows } from '../components/rows.js';
import { State, type Tone } from '../components/state.js';
import { askToReconcile, freshKey } from '../lib/acts.js';
import type { Reconcile as Run, ReconcilePage } from '../lib/answers.js';
import { count } from '../lib/format.js';
import { domainsQuery, useAnswer } from '../lib/queries.js';
import { useFilters } from '../lib/url-state.js';

/** A run tells its steps to nobody; so often it is looked at. */
const REFRESH_MS = 3_000;

/** Whether the lake has what HQ has: comparisons, what they found, and a new one. */
export function Reconcile(): ReactElement {
  const { filters, set } = useFilters();
  const domains = useQuery(domainsQuery);
  const domain = filters['domain'] ?? domains.data?.domains[0] ?? '';
  const query = useAnswer<ReconcilePage>('jobs', '/reconciles', domain === '' ? {} : { domain }, {
    keep: true,
    refetchMs: (page) => (page?.reconciles.some(isOpen) === true ? REFRESH_MS : false),
  });
  return (
    <Page title="Reconcile">
      <Stack gap="md">
        <Text fz="sm" c="dimmed">
          Compares HQ and the lake by ids and revisions, without reading documents. What is on its way is no
          fault; what is wrong can be read from HQ again.
        </Text>
        <Group align="flex-end">
          <Select
            label="Domain"
            data={domains.data?.domains ?? []}
            value={domain === '' ? null : domain}
            onChange={(value) => {
              set({ domain: value ?? '', run: '' });
            }}
            searchable
          />
          <Ask domain={domain} />
        </Group>
        <Answer query={query} bars={4}>
          {({ reconciles }) => {
            const chosen = filters['run'] ?? reconciles.find(({ state }) => state === 'done')?.id;
            return (
              <>
                <Panel title="Comparisons" flush>
                  <Runs runs={reconciles} />
                </Panel>
                {chosen !== undefined && <ReconcileFindings id={chosen} />}
              </>
            );
          }}
        </Answer>
      </Stack>
    </Page>
  );
}

function Ask({ domain }: { domain: string }): ReactElement {
  const [repair, setRepair] = useState(false);
  return (
    <>
      <Checkbox
        label="Repair what is wrong"
        checked={repair}
        onChange={(event) => {
          setRepair(event.currentTarget.checked);
        }}
        mb={8}
      />
      <ActButton
        label="Compare"
        icon={<IconScale size={14} aria-hidden />}
        title={`Compare ${domain} with HQ`}
        size="sm"
        {...(domain === '' ? { blocked: 'There is no domain yet.' } : {})}
        run={(reason) => askToReconcile({ domain, repair, reason, idempotencyKey: freshKey() })}
      >
        {repair
          ? 'HQ’s records are counted table by table; what proves to be wrong is read again, behind live changes.'
          : 'HQ’s records are counted table by table. Nothing is changed.'}
      </ActButton>
    </>
  );
}

function isOpen({ state }: Run): boolean {
  return state === 'waiting' || state === 'running';
}

function toneOf({ state, differences, unjudged }: Run): Tone {
  if (state === 'waiting') return 'idle';
  if (state === 'running') return 'busy';
  if (state !== 'done') return state === 'failed' ? 'bad' : 'idle';
  if (differences !== '0') return 'bad';
  return unjudged === '0' ? 'ok' : 'warning';
}

function Runs({ runs }: { runs: readonly Run[] }): ReactElement {
  return (
    <Rows
      label="Comparisons"
      rows={runs}
      rowKey={({ id }) => id}
      empty="HQ and the lake have not been compared yet."
      columns={[
        {
          head: 'State',
          cell: (run) => (
            <State tone={toneOf(run)}>{run.state === 'running' ? run.step || 'running' : run.state}</State>
          ),
        },
        {
          head: 'Job',
          cell: ({ jobId }) => <To to={`/jobs/${jobId}`}>{jobId}</To>,
        },
        { head: 'Tables', cell: ({ tables }) => (tables.length === 0 ? 'all' : tables.join(', ')) },
        { head: 'Differences', cell: ({ differences }) => count(differences), isNumber: true },
        { head: 'Not judged', cell: ({ unjudged }) => count(unjudged), isNumber: true },
        { head: 'Repair', cell: ({ repair }) => (repair ? 'yes' : 'no') },
        { head: 'By', cell: ({ by }) => by },
        { head: 'Asked', cell: ({ createdAt }) => <Moment at={createdAt} /> },
        { head: 'Ended', cell: ({ endedAt }) => <Moment at={endedAt} /> },
        {
          head: 'Findings',
          cell: ({ id, domain, failure }) =>
            failure === null ? (
              <To to="/reconcile" query={{ domain, run: id }}>
                show
              </To>
            ) : (
              <span className="break">{failure}</span>
            ),
        },
      ]}
    />
  );
}
