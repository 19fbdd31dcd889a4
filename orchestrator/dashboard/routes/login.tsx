import { Button, Code, PasswordInput, Stack, Text, Title } from '@mantine/core';
import { useEffect, useState, type SubmitEvent, type ReactElement } from 'react';
import { ProblemView } from '../components/answer.js';
import type { Session } from '../lib/answers.js';
import { act, keepCsrf } from '../lib/api.js';

/** Asks for an access token and makes a session of it. */
export function Login({ done }: { done: (session: Session) => void }): ReactElement {
  const [token, setToken] = useState('');
  const [error, setError] = useState<Error | null>(null);
  const [isBusy, setBusy] = useState(false);
  useEffect(() => {
    document.title = 'Log in · Dimagi Lake';
  }, []);
  const submit = async (event: SubmitEvent): Promise<void> => {
    event.preventDefault();
    setBusy(true);
    setError(null);
    try {
      const session = await act<Session>('POST', '/session', { token: token.trim() });
      keepCsrf(session.csrf);
      done(session);
    } catch (thrown) {
      setError(thrown instanceof Error ? thrown : new Error(String(thrown)));
      setBusy(false);
    }
  };
  return (
    <main style={{ minHeight: '100vh', display: 'grid', placeItems: 'center', padding: 16 }}>
      <form
        onSubmit={(event) => void submit(event)}
        className="panel"
        style={{ width: 'min(440px, 100%)', padding: 28 }}
      >
        <Stack gap="md">
          <Title order={1}>Dimagi Lake</Title>
          <PasswordInput
            label="Access token"
            placeholder="dl_…"
            autoComplete="current-password"
            value={token}
            onChange={(event) => {
              setToken(event.currentTarget.value);
            }}
            required
            autoFocus
          />
          {error !== null && <ProblemView error={error} />}
          <Button type="submit" loading={isBusy} disabled={token.trim() === ''}>
            Log in
          </Button>
          <Text fz="sm" c="dimmed">
            No token yet? Who runs the server makes one with <Code>dimagi-lake token create</Code>. It is kept
            as a hash, so a lost one can only be replaced.
          </Text>
        </Stack>
      </form>
    </main>
  );
}
