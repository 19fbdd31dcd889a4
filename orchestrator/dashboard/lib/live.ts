import { useQueryClient, type QueryClient } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import type { Change } from './answers.js';

/** Queries (by the first word of their key) that a change of each kind makes stale. */
const STALE: Readonly<Record<Change['what'], readonly string[]>> = {
  jobs: ['jobs', 'job', 'overview', 'cluster', 'quarantine'],
  topics: ['topics', 'topic', 'overview'],
  tables: ['tables', 'table', 'overview', 'quarantine'],
  months: ['months', 'schedules', 'overview'],
  pauses: ['pauses', 'topics', 'topic', 'tables', 'cluster', 'overview'],
  alerts: ['alerts'],
};
/** A busy lake changes many times a second; what is on the page is asked again once in this time. */
const GATHER_MS = 2000;

/**
 * Listens to the server's events and asks again for what they name, as far as it is on the page. When the stream was
 * broken events may have been missed, so everything on the page is asked again.
 * @returns whether the stream stands
 */
export function useLiveUpdates(): boolean {
  const client = useQueryClient();
  const [isLive, setLive] = useState(true);
  useEffect(() => {
    const gathered = new Set<string>();
    let timer: ReturnType<typeof setTimeout> | undefined;
    let wasBroken = false;
    const stream = new EventSource('/api/v1/events');
    stream.addEventListener('change', (event: MessageEvent<string>) => {
      for (const key of staleKeys(event.data)) gathered.add(key);
      timer ??= setTimeout(() => {
        timer = undefined;
        refresh(client, gathered);
        gathered.clear();
      }, GATHER_MS);
    });
    stream.addEventListener('open', () => {
      setLive(true);
      if (wasBroken) void client.invalidateQueries();
      wasBroken = false;
    });
    stream.addEventListener('error', () => {
      wasBroken = true;
      setLive(false);
    });
    return () => {
      clearTimeout(timer);
      stream.close();
    };
  }, [client]);
  return isLive;
}

function staleKeys(data: string): readonly string[] {
  try {
    const change = JSON.parse(data) as Change;
    return STALE[change.what];
  } catch {
    return [];
  }
}

function refresh(client: QueryClient, keys: ReadonlySet<string>): void {
  void client.invalidateQueries({ predicate: (query) => keys.has(String(query.queryKey[0])) });
}
