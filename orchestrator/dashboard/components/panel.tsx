import { Group, Title } from '@mantine/core';
import type { ReactElement, ReactNode } from 'react';

/** A framed part of a page with a heading and, at its right, something to do or choose. */
export function Panel({
  title,
  beside,
  flush = false,
  children,
}: {
  title?: string;
  beside?: ReactNode;
  /** The content reaches the frame, as tables do. */
  flush?: boolean;
  children: ReactNode;
}): ReactElement {
  return (
    <section className="panel" aria-label={title}>
      {title !== undefined && (
        <Group justify="space-between" px="md" pt={10} pb={flush ? 4 : 0} mih={40} gap="sm">
          <Title order={2}>{title}</Title>
          {beside}
        </Group>
      )}
      <div style={flush ? {} : { padding: '10px 16px 16px' }}>{children}</div>
    </section>
  );
}
