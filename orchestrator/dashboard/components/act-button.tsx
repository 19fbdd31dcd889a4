import { Button, Group, Modal, Stack, Text, Textarea, Tooltip } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { notifications } from '@mantine/notifications';
import { useQueryClient } from '@tanstack/react-query';
import { useState, type SubmitEvent, type ReactElement, type ReactNode } from 'react';
import { Link } from 'react-router';
import type { Role } from '../lib/answers.js';
import { useCan, useSession } from '../lib/session.js';
import { ProblemView } from './answer.js';

/** What an act answers, as far as the reader is told of it. */
export interface ActOutcome {
  readonly message: string;
  readonly jobId?: string | null;
}

const SHORTEST_REASON = 3;

/**
 * A button for something that changes the lake's work: disabled with the reason when the role may not or it makes no
 * sense now; asks why (which stands in the audit log) before it acts; says what came of it, or the problem and its mend.
 */
export function ActButton({
  label,
  icon,
  needs = 'operator',
  blocked,
  title,
  children,
  askReason = true,
  suggestedReason = '',
  danger = false,
  variant = 'default',
  size = 'xs',
  run,
}: {
  label: string;
  icon?: ReactNode;
  needs?: Role;
  /** Why it can't be done now; undefined: it can. */
  blocked?: string;
  title: string;
  /** What it will do, in words. */
  children: ReactNode;
  askReason?: boolean;
  suggestedReason?: string;
  danger?: boolean;
  variant?: 'default' | 'filled';
  size?: 'xs' | 'sm';
  run: (reason: string) => Promise<ActOutcome>;
}): ReactElement {
  const [opened, dialog] = useDisclosure(false);
  const { role } = useSession();
  const may = useCan(needs);
  const why = may ? blocked : `Needs the role ${needs}; you are ${role}.`;
  const button = (
    <Button
      size={size}
      variant={variant}
      leftSection={icon}
      data-disabled={why !== undefined || undefined}
      aria-disabled={why !== undefined}
      onClick={why === undefined ? dialog.open : undefined}
    >
      {label}
    </Button>
  );
  return (
    <>
      {why === undefined ? (
        button
      ) : (
        <Tooltip label={why} events={{ hover: true, focus: true, touch: true }} multiline maw={320}>
          {button}
        </Tooltip>
      )}
      <Modal opened={opened} onClose={dialog.close} title={title} size="md" centered>
        <ActForm
          label={label}
          askReason={askReason}
          suggestedReason={suggestedReason}
          danger={danger}
          run={run}
          close={dialog.close}
        >
          {children}
        </ActForm>
      </Modal>
    </>
  );
}

function ActForm({
  label,
  children,
  askReason,
  suggestedReason,
  danger,
  run,
  close,
}: {
  label: string;
  children: ReactNode;
  askReason: boolean;
  suggestedReason: string;
  danger: boolean;
  run: (reason: string) => Promise<ActOutcome>;
  close: () => void;
}): ReactElement {
  const client = useQueryClient();
  const [reason, setReason] = useState(suggestedReason);
  const [isBusy, setBusy] = useState(false);
  const [error, setError] = useState<Error | null>(null);
  const isReady = !askReason || reason.trim().length >= SHORTEST_REASON;

  const submit = async (): Promise<void> => {
    setBusy(true);
    setError(null);
    try {
      tell(await run(reason.trim()));
      close();
      await client.invalidateQueries();
    } catch (thrown) {
      setError(thrown instanceof Error ? thrown : new Error(String(thrown)));
    } finally {
      setBusy(false);
    }
  };
  return (
    <form
      onSubmit={(event: SubmitEvent) => {
        event.preventDefault();
        if (isReady) void submit();
      }}
    >
      <Stack gap="sm">
        <Text component="div" fz="sm">
          {children}
        </Text>
        {askReason && (
          <Textarea
            label="Reason"
            description="Stands in the audit log with your name."
            value={reason}
            onChange={(event) => {
              setReason(event.currentTarget.value);
            }}
            onKeyDown={(event) => {
              if (event.key === 'Enter' && (event.metaKey || event.ctrlKey) && isReady) void submit();
            }}
            minRows={2}
            autosize
            maxLength={500}
            required
            data-autofocus={suggestedReason === '' ? true : undefined}
          />
        )}
        {error !== null && <ProblemView error={error} />}
        <Group justify="flex-end" gap="xs">
          <Button variant="default" onClick={close}>
            Leave it
          </Button>
          <Button
            type="submit"
            color={danger ? 'red.9' : undefined}
            loading={isBusy}
            disabled={!isReady}
            data-autofocus={suggestedReason === '' && askReason ? undefined : true}
          >
            {label}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}

/** Says what came of an act, with the way to its job. */
export function tell({ message, jobId }: ActOutcome): void {
  notifications.show({
    message: (
      <>
        {message}
        {jobId !== null && jobId !== undefined && (
          <>
            {' '}
            <Link to={`/jobs/${jobId}`}>Open {jobId}</Link>
          </>
        )}
      </>
    ),
    color: 'lake',
    autoClose: 8000,
  });
}
