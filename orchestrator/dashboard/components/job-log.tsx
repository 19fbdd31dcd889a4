import { Group, SegmentedControl, Select, Switch, Text } from '@mantine/core';
import { useEffect, useLayoutEffect, useRef, useState, type ReactElement } from 'react';
import type { LogPart, SparkRun } from '../lib/answers.js';
import { ask } from '../lib/api.js';
import { useFilters } from '../lib/url-state.js';
import { Copy } from './copy.js';
import { Empty, ProblemView } from './answer.js';
import { Panel } from './panel.js';

const LOOK_MS = 2000;
/** More than this is nothing to read on a page; the older part is let go. */
const MOST_CHARACTERS = 400_000;

/** A driver's log from its worker, as it is written. */
export function JobLog({ id, runs }: { id: string; runs: readonly SparkRun[] }): ReactElement {
  const { filters, set } = useFilters();
  const run = filters['run'] ?? runs[0]?.id;
  const stream = filters['stream'] === 'stdout' ? 'stdout' : 'stderr';
  if (run === undefined) return <Empty>It was not given to Spark yet, so there is no log.</Empty>;
  return (
    <Panel>
      <Group gap="sm" mb="sm">
        {runs.length > 1 && (
          <Select
            aria-label="Run"
            data={runs.map((each) => each.id)}
            value={run}
            onChange={(value) => {
              set({ run: value ?? '' }, 'replace');
            }}
            allowDeselect={false}
            w={320}
          />
        )}
        <SegmentedControl
          size="xs"
          aria-label="Stream"
          data={['stderr', 'stdout']}
          value={stream}
          onChange={(value) => {
            set({ stream: value }, 'replace');
          }}
        />
      </Group>
      <LiveText key={`${run} ${stream}`} id={id} run={run} stream={stream} />
    </Panel>
  );
}

function LiveText({ id, run, stream }: { id: string; run: string; stream: string }): ReactElement {
  const { text, error, isLive, isRead } = useLog(id, run, stream);
  const [follow, setFollow] = useState(true);
  const pane = useRef<HTMLPreElement>(null);
  useLayoutEffect(() => {
    if (follow && pane.current !== null) pane.current.scrollTop = pane.current.scrollHeight;
  }, [text, follow]);
  return (
    <>
      <Group justify="space-between" mb={6}>
        <Text fz="xs" c="dimmed" role="status">
          {isLive ? 'Written now' : isRead ? 'The driver has ended' : 'Asking the worker'}
        </Text>
        <Group gap="sm">
          <Switch
            size="xs"
            label="Follow"
            checked={follow}
            onChange={(event) => {
              setFollow(event.currentTarget.checked);
            }}
          />
          <Copy text={text} what="the log" />
        </Group>
      </Group>
      {error !== null && <ProblemView error={error} />}
      {isRead && text === '' && error === null ? (
        <Empty>The log is empty{isLive ? ' so far' : ''}.</Empty>
      ) : (
        <pre
          className="code wrap"
          ref={pane}
          tabIndex={0}
          role="log"
          aria-live="off"
          aria-label={`Driver log, ${stream}`}
          onWheel={(event) => {
            if (event.deltaY < 0) setFollow(false);
          }}
        >
          {text}
        </pre>
      )}
    </>
  );
}

/** Reads on from where the last look ended, as long as the driver writes. A failed look is tried again. */
function useLog(
  id: string,
  run: string,
  stream: string,
): { text: string; error: Error | null; isLive: boolean; isRead: boolean } {
  const [state, setState] = useState({ text: '', error: null as Error | null, isLive: false, isRead: false });
  useEffect(() => {
    const stop = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    let offset = -1;
    const look = async (): Promise<void> => {
      let again = true;
      try {
        const part = await ask<LogPart>(`/jobs/${id}/log`, { run, stream, offset }, stop.signal);
        offset = part.nextOffset;
        again = part.isLive;
        setState((before) => ({
          text: (before.text + part.text).slice(-MOST_CHARACTERS),
          error: null,
          isLive: part.isLive,
          isRead: true,
        }));
      } catch (error) {
        if (stop.signal.aborted) return;
        setState((before) => ({ ...before, error: error as Error, isRead: true }));
      }
      if (again && !stop.signal.aborted) timer = setTimeout(() => void look(), LOOK_MS);
    };
    void look();
    return () => {
      stop.abort();
      clearTimeout(timer);
    };
  }, [id, run, stream]);
  return state;
}
