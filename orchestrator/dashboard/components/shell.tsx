import {
  ActionIcon,
  AppShell,
  Burger,
  Group,
  Kbd,
  Menu,
  NavLink,
  Text,
  UnstyledButton,
  useComputedColorScheme,
  useMantineColorScheme,
  VisuallyHidden,
} from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { Notifications } from '@mantine/notifications';
import { spotlight } from '@mantine/spotlight';
import {
  IconLogout,
  IconMoon,
  IconPlugConnected,
  IconPlugConnectedX,
  IconSearch,
  IconSun,
  IconUser,
} from '@tabler/icons-react';
import { useQueryClient } from '@tanstack/react-query';
import { Suspense, useEffect, type ReactElement } from 'react';
import { Link, Outlet, useLocation } from 'react-router';
import { act, keepCsrf } from '../lib/api.js';
import { useLiveUpdates } from '../lib/live.js';
import { useCan, useSession } from '../lib/session.js';
import { Bars } from './answer.js';
import { NAVIGATION } from './navigation.js';
import { Palette } from './palette.js';

const NAVBAR_PX = 208;
const HEADER_PX = 52;

/** What stands around every page: navigation, search, live sign, light or dark, who is logged in. */
export function Shell(): ReactElement {
  const [opened, navbar] = useDisclosure(false);
  const isLive = useLiveUpdates();
  const { pathname } = useLocation();
  const isAdmin = useCan('admin');
  useEffect(() => {
    navbar.close();
    window.scrollTo(0, 0);
    // Only another page closes it and begins at its top; the handle is new with each render.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [pathname]);
  return (
    <AppShell
      header={{ height: HEADER_PX }}
      navbar={{ width: NAVBAR_PX, breakpoint: 'sm', collapsed: { mobile: !opened } }}
      padding="md"
    >
      {/* Below the router, for what they tell links to its job. */}
      <Notifications position="bottom-right" />
      <a className="skip-link" href="#page">
        To the page
      </a>
      <AppShell.Header>
        <Header isLive={isLive} isOpen={opened} toggle={navbar.toggle} />
      </AppShell.Header>
      <AppShell.Navbar p={8} component="nav" aria-label="Pages">
        {NAVIGATION.filter((each) => !each.isForAdmins || isAdmin).map(({ name, to, icon: Icon }) => (
          <NavLink
            key={to}
            component={Link}
            to={to}
            label={name}
            active={to === '/' ? pathname === '/' : pathname.startsWith(to)}
            aria-current={pathname === to ? 'page' : undefined}
            leftSection={<Icon size={18} aria-hidden />}
            py={7}
          />
        ))}
      </AppShell.Navbar>
      <AppShell.Main id="page" style={{ maxWidth: 1560 + NAVBAR_PX }}>
        <Suspense fallback={<Bars many={5} />}>
          <Outlet />
        </Suspense>
      </AppShell.Main>
      <Palette />
    </AppShell>
  );
}

function Header({
  isLive,
  isOpen,
  toggle,
}: {
  isLive: boolean;
  isOpen: boolean;
  toggle: () => void;
}): ReactElement {
  const { lake } = useSession();
  return (
    <Group h="100%" px="md" justify="space-between" wrap="nowrap">
      <Group gap="sm" wrap="nowrap">
        <Burger opened={isOpen} onClick={toggle} hiddenFrom="sm" size="sm" aria-label="Pages" />
        <Text component={Link} to="/" fw={700} c="var(--mantine-color-text)" td="none">
          Dimagi Lake
        </Text>
        <Text fz="xs" c="dimmed" visibleFrom="md" className="clip" maw={260} title={`Lake ${lake}`}>
          {lake}
        </Text>
      </Group>
      <Group gap="xs" wrap="nowrap">
        <UnstyledButton className="palette-opener" onClick={spotlight.open}>
          <IconSearch size={15} aria-hidden /> <span>Find a page, topic, table, job</span>{' '}
          <Kbd size="xs">Ctrl K</Kbd>
        </UnstyledButton>
        <Group gap={4} wrap="nowrap" fz="xs" role="status" visibleFrom="sm" c={isLive ? 'dimmed' : undefined}>
          {isLive ? (
            <IconPlugConnected size={15} aria-hidden />
          ) : (
            <IconPlugConnectedX size={15} aria-hidden />
          )}
          <span className={isLive ? undefined : 'text-bad'}>
            {isLive ? 'live' : 'not live, trying again'}
          </span>
        </Group>
        <SchemeSwitch />
        <Who />
      </Group>
    </Group>
  );
}

function SchemeSwitch(): ReactElement {
  const { setColorScheme } = useMantineColorScheme();
  const isDark = useComputedColorScheme('light') === 'dark';
  const label = isDark ? 'Show light' : 'Show dark';
  return (
    <ActionIcon
      variant="subtle"
      color="gray"
      aria-label={label}
      title={label}
      onClick={() => {
        setColorScheme(isDark ? 'light' : 'dark');
      }}
    >
      {isDark ? <IconSun size={18} aria-hidden /> : <IconMoon size={18} aria-hidden />}
    </ActionIcon>
  );
}

function Who(): ReactElement {
  const { name, role, version } = useSession();
  const client = useQueryClient();
  const leave = async (): Promise<void> => {
    try {
      await act('DELETE', '/session');
    } finally {
      keepCsrf(null);
      client.setQueryData(['session'], null);
    }
  };
  return (
    <Menu position="bottom-end" width={220}>
      <Menu.Target>
        <UnstyledButton className="who">
          <IconUser size={16} aria-hidden />
          <VisuallyHidden>Account</VisuallyHidden>
          <Text fz="sm" span visibleFrom="sm">
            {name}
          </Text>
          <Text fz="xs" span c="dimmed" visibleFrom="sm">
            {role}
          </Text>
        </UnstyledButton>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label c="dimmed">Dimagi Lake {version}</Menu.Label>
        <Menu.Item component="a" href="/api/docs" target="_blank">
          The REST API
        </Menu.Item>
        <Menu.Item leftSection={<IconLogout size={16} aria-hidden />} onClick={() => void leave()}>
          Log out
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}
