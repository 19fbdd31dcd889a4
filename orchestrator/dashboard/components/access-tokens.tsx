import { Button } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { IconPlus, IconTrash } from '@tabler/icons-react';
import type { ReactElement } from 'react';
import type { Token, Tokens } from '../lib/answers.js';
import { act } from '../lib/api.js';
import { useNow } from '../lib/clock.js';
import { useAnswer } from '../lib/queries.js';
import { ActButton } from './act-button.js';
import { Answer } from './answer.js';
import { Moment } from './moment.js';
import { NewTokenDialog } from './new-token-dialog.js';
import { Panel } from './panel.js';
import { Rows } from './rows.js';
import { StateOf } from './state.js';

export function AccessTokens(): ReactElement {
  const query = useAnswer<Tokens>('tokens', '/tokens');
  const [opened, dialog] = useDisclosure(false);
  return (
    <Panel
      title="Tokens"
      beside={
        <Button size="xs" leftSection={<IconPlus size={14} aria-hidden />} onClick={dialog.open}>
          New token
        </Button>
      }
      flush
    >
      <Answer query={query}>
        {({ tokens }) => (
          <Rows
            label="Tokens"
            rows={tokens}
            rowKey={({ name, createdAt }) => `${name} ${createdAt}`}
            empty="There is no token yet."
            columns={[
              { head: 'Name', cell: ({ name }) => <span className="break">{name}</span> },
              { head: 'Role', cell: ({ role }) => role },
              { head: 'State', cell: (token) => <TokenState token={token} /> },
              { head: 'Made', cell: ({ createdAt }) => <Moment at={createdAt} /> },
              { head: 'Last used', cell: ({ lastUsedAt }) => <Moment at={lastUsedAt} /> },
              {
                head: 'Ends',
                cell: ({ expiresAt }) => (expiresAt === null ? 'never' : <Moment at={expiresAt} />),
              },
              { head: '', cell: ({ name, revokedAt }) => revokedAt === null && <RevokeButton name={name} /> },
            ]}
          />
        )}
      </Answer>
      <NewTokenDialog opened={opened} close={dialog.close} />
    </Panel>
  );
}

function TokenState({ token: { revokedAt, expiresAt } }: { token: Token }): ReactElement {
  const now = useNow();
  if (revokedAt !== null) return <StateOf state="revoked" />;
  if (expiresAt !== null && Date.parse(expiresAt) <= now) return <StateOf state="expired" />;
  return <StateOf state="active" />;
}

function RevokeButton({ name }: { name: string }): ReactElement {
  return (
    <ActButton
      label="Revoke"
      icon={<IconTrash size={14} aria-hidden />}
      needs="admin"
      title={`Revoke ${name}`}
      askReason={false}
      danger
      run={async () => {
        await act('DELETE', `/tokens/${encodeURIComponent(name)}`);
        return { message: `${name} is revoked.` };
      }}
    >
      Who uses <b>{name}</b>, and every session made with it, is refused from now on. It can’t be taken back;
      a new token can be made.
    </ActButton>
  );
}
