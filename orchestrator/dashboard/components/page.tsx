import { Anchor, Breadcrumbs, Group, Text, Title } from '@mantine/core';
import { useEffect, type ReactElement, type ReactNode } from 'react';
import { Link } from 'react-router';

export interface Crumb {
  readonly name: string;
  readonly to: string;
}

/** A page's head and body: title of the window, way back, heading, acts. */
export function Page({
  title,
  crumbs = [],
  beside,
  acts,
  hideHeading = false,
  children,
}: {
  title: string;
  crumbs?: readonly Crumb[];
  /** Stands behind the heading: a state. */
  beside?: ReactNode;
  acts?: ReactNode;
  /** The page brings a heading of its own. */
  hideHeading?: boolean;
  children: ReactNode;
}): ReactElement {
  useEffect(() => {
    document.title = `${title} · Dimagi Lake`;
  }, [title]);
  return (
    <>
      {crumbs.length > 0 && (
        <nav aria-label="Breadcrumbs">
          <Breadcrumbs mb={4} separator="›" fz="sm">
            {crumbs.map((crumb) => (
              <Anchor key={crumb.to} component={Link} to={crumb.to} fz="sm">
                {crumb.name}
              </Anchor>
            ))}
            <Text fz="sm" c="dimmed" aria-current="page" className="break">
              {title}
            </Text>
          </Breadcrumbs>
        </nav>
      )}
      {!hideHeading && (
        <Group justify="space-between" align="flex-start" mb="md" gap="sm">
          <Group gap="sm" wrap="wrap">
            <Title order={1} className="break">
              {title}
            </Title>
            {beside}
          </Group>
          <Group gap="xs">{acts}</Group>
        </Group>
      )}
      {children}
    </>
  );
}
