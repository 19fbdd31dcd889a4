import { Anchor } from '@mantine/core';
import type { ReactElement, ReactNode } from 'react';
import { Link } from 'react-router';
import { withQuery, type Query } from '../lib/api.js';

/** A link in the text size of tables. Ids of jobs stay in one piece. */
export function To({
  to,
  query,
  children,
  className,
  title,
}: {
  to: string;
  query?: Query;
  children: ReactNode;
  className?: string;
  title?: string;
}): ReactElement {
  return (
    <Anchor component={Link} to={withQuery(to, query)} fz="inherit" className={className} title={title}>
      {children}
    </Anchor>
  );
}

export function TopicLink({ topic }: { topic: string }): ReactElement {
  return <To to={`/topics/${encodeURIComponent(topic)}`}>{topic}</To>;
}

/** @param name `database.table`, or a table with its database */
export function tablePath(database: string, table: string): string {
  return `/tables/${encodeURIComponent(database)}/${encodeURIComponent(table)}`;
}

/** Of `database.table` as one text, of which the table is shown; without a database the search must do. */
export function TableLink({ name }: { name: string }): ReactElement {
  const dot = name.indexOf('.');
  if (dot < 1)
    return (
      <To to="/tables" query={{ q: name }}>
        {name}
      </To>
    );
  const table = name.slice(dot + 1);
  return (
    <To to={tablePath(name.slice(0, dot), table)} title={name}>
      {table}
    </To>
  );
}
