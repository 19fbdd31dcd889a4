import { Alert, Button, Code, Skeleton, Stack, Text } from '@mantine/core';
import { IconMoodEmpty, IconPlugConnectedX, IconRefresh } from '@tabler/icons-react';
import type { UseQueryResult } from '@tanstack/react-query';
import type { ReactElement, ReactNode } from 'react';
import { ApiProblem } from '../lib/api.js';

/**
 * What is shown of a question to the server: grey bars while it is asked, the problem with its mend and a button to
 * try again, or the answer. An answer that could not be renewed is still shown, and it is said that it is old.
 */
export function Answer<T>({
  query,
  bars = 4,
  children,
}: {
  query: UseQueryResult<T>;
  bars?: number;
  children: (data: T) => ReactNode;
}): ReactElement {
  const { data, error, isFetching, refetch } = query;
  const again = (): void => void refetch();
  if (data === undefined && error === null) return <Bars many={bars} />;
  return (
    <>
      {error !== null && (
        <ProblemView error={error} again={again} isTrying={isFetching} isOld={data !== undefined} />
      )}
      {data !== undefined && children(data)}
    </>
  );
}

export function Bars({ many }: { many: number }): ReactElement {
  return (
    <Stack gap={10} p="md" role="status" aria-label="Loading">
      {Array.from({ length: many }, (_, at) => (
        <Skeleton key={at} height={18} width={`${96 - ((at * 17) % 40)}%`} />
      ))}
    </Stack>
  );
}

export function ProblemView({
  error,
  again,
  isTrying = false,
  isOld = false,
}: {
  error: Error;
  again?: () => void;
  isTrying?: boolean;
  isOld?: boolean;
}): ReactElement {
  const problem = error instanceof ApiProblem ? error : null;
  return (
    <Alert
      role="alert"
      variant="outline"
      color="red"
      icon={<IconPlugConnectedX aria-hidden />}
      title={<span className="text-bad">{problem?.message ?? 'This page failed.'}</span>}
      m="sm"
    >
      <Text fz="sm">
        {problem?.hint ?? 'Load the page again. If it fails again, report what you did with the text below.'}
      </Text>
      {isOld && <Text fz="sm">What stands below is what was known before.</Text>}
      <Text fz="xs" c="dimmed" mt={6}>
        <Code>{problem?.code ?? error.message}</Code>
      </Text>
      {again !== undefined && (
        <Button
          mt="sm"
          size="xs"
          variant="default"
          leftSection={<IconRefresh size={14} aria-hidden />}
          loading={isTrying}
          onClick={again}
        >
          Try again
        </Button>
      )}
    </Alert>
  );
}

/** Where a page's list would be: what it means that it is empty, and what to do, if anything. */
export function Empty({ children }: { children: ReactNode }): ReactElement {
  return (
    <Stack align="center" gap={6} py="lg" px="md">
      <IconMoodEmpty size={26} aria-hidden color="var(--quiet)" />
      <Text fz="sm" c="dimmed" ta="center" maw={520}>
        {children}
      </Text>
    </Stack>
  );
}
