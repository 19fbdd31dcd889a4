import { SHOWN } from './fill-show.js';

export interface ShownPage {
  /** Of the picture's file. */
  readonly name: string;
  readonly path: string;
  readonly title: string;
  /** Label of the region that the picture is of, where it stands below the fold. */
  readonly region?: RegExp;
}

/** Every page of the dashboard, as somebody would stand before it. */
export function shownPages(haltedBatch: string): readonly ShownPage[] {
  const table = `/tables/${SHOWN.database}/${SHOWN.haltedTable}`;
  return [
    { name: 'home', path: '/', title: 'Home: one line that says how it stands' },
    { name: 'topics', path: '/topics', title: 'Topics' },
    { name: 'topic', path: '/topics/form-sql', title: 'A topic: what stops it, and the retry' },
    { name: 'tables', path: '/tables', title: 'Tables' },
    { name: 'table', path: table, title: 'A table' },
    { name: 'table-columns', path: `${table}?tab=columns`, title: 'Its columns' },
    { name: 'table-history', path: `${table}?tab=history`, title: 'Which record changed which column' },
    { name: 'jobs', path: '/jobs', title: 'Jobs, by words and facets' },
    {
      name: 'job',
      path: `/jobs/batch-${haltedBatch}`,
      title: 'A job: the cause, the retry, where the time went',
    },
    {
      name: 'job-time',
      path: `/jobs/batch-${haltedBatch}`,
      title: 'Where its time went, and what it did to each table',
      region: /^Where the time went$/,
    },
    {
      name: 'job-sql',
      path: `/jobs/batch-${haltedBatch}?tab=sql`,
      title: 'Its SQL',
      region: /^SQL of/,
    },
    { name: 'quarantine', path: '/quarantine', title: 'Records set aside, by cause' },
    {
      name: 'quarantine-records',
      path: '/quarantine?reason=form+XML+does+not+parse%3A+unexpected+close+tag',
      title: 'Records of one cause, and their replay',
    },
    { name: 'months', path: `/months/${SHOWN.domain}`, title: 'Months of a domain’s aggregations' },
    { name: 'schedules', path: '/schedules', title: 'Schedules' },
    { name: 'reprocess', path: `/reprocess?domain=${SHOWN.domain}&way=window`, title: 'Reprocess' },
    { name: 'reconcile', path: `/reconcile?domain=${SHOWN.domain}`, title: 'HQ and the lake compared' },
    { name: 'cluster', path: '/cluster', title: 'Cluster, queues and pauses' },
    { name: 'alerts', path: '/alerts', title: 'Alerts' },
    { name: 'access', path: '/access', title: 'Tokens' },
    { name: 'audit', path: '/access?tab=audit', title: 'Who did what' },
  ];
}
