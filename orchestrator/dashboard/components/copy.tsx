import { ActionIcon, Code, CopyButton, Group, Text, Tooltip } from '@mantine/core';
import { IconCheck, IconCopy } from '@tabler/icons-react';
import type { ReactElement } from 'react';

export function Copy({ text, what }: { text: string; what: string }): ReactElement {
  return (
    <CopyButton value={text}>
      {({ copied, copy }) => (
        <Tooltip label={copied ? 'Copied' : `Copy ${what}`}>
          <ActionIcon variant="subtle" color="gray" onClick={copy} aria-label={`Copy ${what}`}>
            {copied ? <IconCheck size={16} aria-hidden /> : <IconCopy size={16} aria-hidden />}
          </ActionIcon>
        </Tooltip>
      )}
    </CopyButton>
  );
}

/** The same by command line, for who would rather type or script it. */
export function CliLine({ cli }: { cli: string }): ReactElement {
  return (
    <Group gap={6} mt="md" wrap="nowrap">
      <Text fz="xs" c="dimmed" style={{ whiteSpace: 'nowrap' }}>
        By command line
      </Text>
      <Code className="break">{cli}</Code>
      <Copy text={cli} what="the command" />
    </Group>
  );
}
