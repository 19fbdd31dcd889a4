import { Anchor } from '@mantine/core';
import type { ReactElement } from 'react';
import { Link } from 'react-router';
import { Empty } from '../components/answer.js';
import { Page } from '../components/page.js';

export function NotFound(): ReactElement {
  return (
    <Page title="No such page">
      <Empty>
        Nothing is at this address. Go{' '}
        <Anchor component={Link} to="/" fz="sm">
          home
        </Anchor>
        , or press <kbd>Ctrl</kbd> + <kbd>K</kbd> and type what you look for.
      </Empty>
    </Page>
  );
}
