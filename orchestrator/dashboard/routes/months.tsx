import { Select, Stack, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import type { ReactElement } from 'react';
import { Navigate, useNavigate, useParams } from 'react-router';
import { Answer, Empty } from '../components/answer.js';
import { CliLine } from '../components/copy.js';
import { MonthMatrix } from '../components/month-matrix.js';
import { Page } from '../components/page.js';
import { Panel } from '../components/panel.js';
import type { Months as Known } from '../lib/answers.js';
import { domainsQuery, useAnswer } from '../lib/queries.js';

/** The months of a domain's aggregations: which are fresh, which are not and why, and their computation. */
export function Months(): ReactElement {
  const { domain } = useParams();
  const domains = useQuery(domainsQuery);
  const names = domains.data?.domains ?? [];
  if (domain === undefined) {
    const first = names[0];
    if (first !== undefined) return <Navigate to={`/months/${encodeURIComponent(first)}`} replace />;
    return (
      <Page title="Months">
        <div className="panel">
          <Answer query={domains}>{() => <Empty>lake.yaml names no domain yet.</Empty>}</Answer>
        </div>
      </Page>
    );
  }
  return <MonthsOf domain={domain} names={names} />;
}

function MonthsOf({ domain, names }: { domain: string; names: readonly string[] }): ReactElement {
  const go = useNavigate();
  const query = useAnswer<Known>('months', `/domains/${encodeURIComponent(domain)}/months`);
  return (
    <Page
      title={`Months of ${domain}`}
      acts={
        names.length > 1 && (
          <Select
            aria-label="Domain"
            data={names}
            value={domain}
            onChange={(value) => {
              if (value !== null) void go(`/months/${encodeURIComponent(value)}`);
            }}
            allowDeselect={false}
            searchable
            w={240}
          />
        )
      }
    >
      <Stack gap="sm">
        <Panel>
          <Answer query={query} bars={8}>
            {(known) =>
              known.cells.length === 0 ? (
                <Empty>
                  No aggregation has a month yet: there is no model, or no record whose month is allowed.
                  Models are files in spark-jobs/models.
                </Empty>
              ) : (
                <MonthMatrix known={known} />
              )
            }
          </Answer>
        </Panel>
        <Text fz="xs" c="dimmed">
          Open a month to see why it is stale, and to compute it. Closed months are flagged only, and computed
          when somebody asks.
        </Text>
        {query.data !== undefined && <CliLine cli={query.data.cli} />}
      </Stack>
    </Page>
  );
}
