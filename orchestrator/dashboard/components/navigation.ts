import {
  IconBell,
  IconBriefcase,
  IconCalendarClock,
  IconCalendarStats,
  IconHome,
  IconKey,
  IconRefresh,
  IconScale,
  IconServer2,
  IconTable,
  IconTimeline,
  IconZoomExclamation,
} from '@tabler/icons-react';
import type { ComponentType } from 'react';

interface Destination {
  readonly name: string;
  readonly to: string;
  readonly icon: ComponentType<{ size?: number; 'aria-hidden'?: boolean }>;
  /** What else somebody may call it, for the palette. */
  readonly words: readonly string[];
  readonly isForAdmins?: boolean;
}

/** The pages, in the order of the navigation: what is wrong first, what is set up last. */
export const NAVIGATION: readonly Destination[] = [
  { name: 'Home', to: '/', icon: IconHome, words: ['overview', 'start', 'verdict'] },
  { name: 'Topics', to: '/topics', icon: IconTimeline, words: ['kafka', 'lag', 'offsets', 'ingestion'] },
  { name: 'Tables', to: '/tables', icon: IconTable, words: ['delta', 'columns', 'rows', 'freshness'] },
  { name: 'Jobs', to: '/jobs', icon: IconBriefcase, words: ['batches', 'runs', 'failed', 'history'] },
  {
    name: 'Set aside',
    to: '/quarantine',
    icon: IconZoomExclamation,
    words: ['quarantine', 'records', 'replay', 'poison'],
  },
  {
    name: 'Months',
    to: '/months',
    icon: IconCalendarStats,
    words: ['aggregations', 'stale', 'fresh', 'matrix'],
  },
  { name: 'Schedules', to: '/schedules', icon: IconCalendarClock, words: ['next runs', 'due', 'skipped'] },
  { name: 'Reprocess', to: '/reprocess', icon: IconRefresh, words: ['backfill', 'migration', 'read again'] },
  {
    name: 'Reconcile',
    to: '/reconcile',
    icon: IconScale,
    words: ['compare', 'missing', 'ghosts', 'repair'],
  },
  {
    name: 'Cluster',
    to: '/cluster',
    icon: IconServer2,
    words: ['spark', 'workers', 'queues', 'pauses', 'drivers', 'processes'],
  },
  { name: 'Alerts', to: '/alerts', icon: IconBell, words: ['webhook', 'rules'] },
  {
    name: 'Access',
    to: '/access',
    icon: IconKey,
    words: ['tokens', 'audit log', 'roles', 'who'],
    isForAdmins: true,
  },
];
