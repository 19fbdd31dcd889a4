import { Tabs } from '@mantine/core';
import type { ReactElement } from 'react';
import { AccessTokens } from '../components/access-tokens.js';
import { AuditLog } from '../components/audit-log.js';
import { Empty } from '../components/answer.js';
import { Page } from '../components/page.js';
import { useCan, useSession } from '../lib/session.js';
import { useFilters } from '../lib/url-state.js';

/** Who may do what, and who did what: for admins. */
export function Access(): ReactElement {
  const { filters, set } = useFilters();
  const { role } = useSession();
  const isAdmin = useCan('admin');
  if (!isAdmin) {
    return (
      <Page title="Access">
        <div className="panel">
          <Empty>Tokens and the audit log are for the role admin; you are {role}.</Empty>
        </div>
      </Page>
    );
  }
  return (
    <Page title="Access">
      <Tabs
        value={filters['tab'] ?? 'tokens'}
        onChange={(tab) => {
          set({ tab: tab === 'tokens' ? '' : (tab ?? '') });
        }}
        keepMounted={false}
      >
        <Tabs.List mb="md">
          <Tabs.Tab value="tokens">Tokens</Tabs.Tab>
          <Tabs.Tab value="audit">Audit log</Tabs.Tab>
        </Tabs.List>
        <Tabs.Panel value="tokens">
          <AccessTokens />
        </Tabs.Panel>
        <Tabs.Panel value="audit">
          <AuditLog />
        </Tabs.Panel>
      </Tabs>
    </Page>
  );
}
