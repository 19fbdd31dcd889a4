import { Stack, Text } from '@mantine/core';
import { IconSend } from '@tabler/icons-react';
import type { ReactElement } from 'react';
import { ActButton } from '../components/act-button.js';
import { AlertRules } from '../components/alert-rules.js';
import { Answer } from '../components/answer.js';
import { Moment } from '../components/moment.js';
import { Page } from '../components/page.js';
import { Panel } from '../components/panel.js';
import { Rows } from '../components/rows.js';
import { State } from '../components/state.js';
import type { Alert, Alerts as Known, AlertTest } from '../lib/answers.js';
import { act } from '../lib/api.js';
import { words } from '../lib/format.js';
import { useAnswer } from '../lib/queries.js';

/** What calls somebody at night: open alerts, rules, whether the webhook works. */
export function Alerts(): ReactElement {
  const query = useAnswer<Known>('alerts', '/alerts');
  return (
    <Page title="Alerts" acts={query.data !== undefined && <TestButton webhook={query.data.webhook} />}>
      <Answer query={query} bars={8}>
        {({ webhook, rules, open, recent }) => (
          <Stack gap="md">
            {!webhook && (
              <Text fz="sm" component="div">
                <State tone="warning">No webhook</State> Alerts are shown here and sent nowhere. Set
                ALERT_WEBHOOK_URL and start again.
              </Text>
            )}
            <Panel title="Open" flush>
              <List alerts={open} empty="No alert is open." />
            </Panel>
            <Panel title="Rules" flush>
              <AlertRules rules={rules} />
            </Panel>
            <Panel title="Recent" flush>
              <List alerts={recent} empty="There was no alert lately." />
            </Panel>
          </Stack>
        )}
      </Answer>
    </Page>
  );
}

function TestButton({ webhook }: { webhook: boolean }): ReactElement {
  return (
    <ActButton
      label="Send a test"
      icon={<IconSend size={14} aria-hidden />}
      title="Send a test alert"
      askReason={false}
      blocked={webhook ? undefined : 'No webhook is set: ALERT_WEBHOOK_URL.'}
      run={async () => {
        const { delivered, status, message } = await act<AlertTest>('POST', '/alerts/test', {});
        return {
          message: `${delivered ? 'Delivered' : 'Not delivered'}${status === null ? '' : ` (status ${status})`}: ${message}`,
        };
      }}
    >
      An alert that says it is a test goes to the webhook.
    </ActButton>
  );
}

function List({ alerts, empty }: { alerts: readonly Alert[]; empty: string }): ReactElement {
  return (
    <Rows
      label="Alerts"
      rows={alerts}
      rowKey={({ id }) => id}
      empty={empty}
      columns={[
        {
          head: 'State',
          cell: ({ endedAt }) =>
            endedAt === null ? <State tone="bad">open</State> : <State tone="ok">over</State>,
        },
        { head: 'What', cell: ({ kind, subject }) => `${words(kind)}: ${subject}` },
        { head: 'Says', cell: ({ text }) => <span className="break">{text}</span> },
        { head: 'Since', cell: ({ since }) => <Moment at={since} /> },
        { head: 'Over', cell: ({ endedAt }) => <Moment at={endedAt} /> },
        {
          head: 'Delivered',
          cell: ({ deliveredAt, deliveryError }) =>
            deliveryError === null ? (
              <Moment at={deliveredAt} />
            ) : (
              <span className="text-bad break">{deliveryError}</span>
            ),
        },
      ]}
    />
  );
}
