import { useDebouncedValue } from '@mantine/hooks';
import { Spotlight, type SpotlightActionData } from '@mantine/spotlight';
import { IconBriefcase, IconSearch, IconTable, IconTimeline } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useMemo, useState, type ReactElement } from 'react';
import { useNavigate } from 'react-router';
import { jobsQuery, tablesQuery, topicsQuery } from '../lib/queries.js';
import { useCan } from '../lib/session.js';
import { NAVIGATION } from './navigation.js';

const SHORTEST = 2;
const ICON = { size: 18, 'aria-hidden': true } as const;

/** Ctrl or ⌘ + K: any page, topic, table or job by a few letters. Tables and jobs are looked up while typing. */
export function Palette(): ReactElement {
  const go = useNavigate();
  const isAdmin = useCan('admin');
  const [typed, setTyped] = useState('');
  const [q] = useDebouncedValue(typed.trim(), 150);
  const enabled = q.length >= SHORTEST;
  const topics = useQuery({ ...topicsQuery, enabled, refetchInterval: false });
  const tables = useQuery({ ...tablesQuery({ q, limit: 6 }), enabled });
  const jobs = useQuery({ ...jobsQuery({ q, limit: 6 }), enabled });

  const actions = useMemo(() => {
    const wanted = typed.trim().toLowerCase();
    const has = (...texts: readonly string[]): boolean =>
      texts.some((text) => text.toLowerCase().includes(wanted));
    const found: SpotlightActionData[] = [];
    for (const { name, to, words, icon: Icon, isForAdmins } of NAVIGATION) {
      if (isForAdmins === true && !isAdmin) continue;
      if (!has(name, ...words)) continue;
      found.push({ id: to, label: name, leftSection: <Icon {...ICON} />, onClick: () => void go(to) });
    }
    if (wanted.length < SHORTEST) return found;
    for (const { name } of topics.data?.topics ?? []) {
      if (!has(name)) continue;
      const to = `/topics/${encodeURIComponent(name)}`;
      found.push({
        id: to,
        label: name,
        description: 'Topic',
        leftSection: <IconTimeline {...ICON} />,
        onClick: () => void go(to),
      });
    }
    for (const { database, name, domain } of tables.data?.tables ?? []) {
      const to = `/tables/${encodeURIComponent(database)}/${encodeURIComponent(name)}`;
      found.push({
        id: to,
        label: name,
        description: `Table of ${domain}`,
        leftSection: <IconTable {...ICON} />,
        onClick: () => void go(to),
      });
    }
    for (const { id, title, state } of jobs.data?.jobs ?? []) {
      const to = `/jobs/${id}`;
      found.push({
        id: to,
        label: title,
        description: `${id}, ${state}`,
        leftSection: <IconBriefcase {...ICON} />,
        onClick: () => void go(to),
      });
    }
    const all = `/jobs?q=${encodeURIComponent(typed.trim())}`;
    found.push({
      id: all,
      label: `Search all jobs for “${typed.trim()}”`,
      leftSection: <IconSearch {...ICON} />,
      onClick: () => void go(all),
    });
    return found;
  }, [typed, topics.data, tables.data, jobs.data, isAdmin, go]);

  return (
    <Spotlight
      actions={actions}
      // What is given fits already; Mantine's own filter would drop what the server found by other words.
      filter={(_, given) => given}
      query={typed}
      onQueryChange={setTyped}
      nothingFound="Nothing has such a name"
      scrollable
      maxHeight={420}
      searchProps={{
        leftSection: <IconSearch {...ICON} />,
        placeholder: 'Page, topic, table, job, record id',
        'aria-label': 'Find',
      }}
    />
  );
}
