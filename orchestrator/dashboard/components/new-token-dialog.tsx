import { Button, Code, Group, Modal, NumberInput, Select, Stack, Text, TextInput } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState, type ReactElement } from 'react';
import type { MadeToken, NewToken, Role } from '../lib/answers.js';
import { act } from '../lib/api.js';
import { ProblemView } from './answer.js';
import { Copy } from './copy.js';

const ROLES: readonly { value: Role; label: string }[] = [
  { value: 'viewer', label: 'viewer: sees everything but documents' },
  { value: 'operator', label: 'operator: also retries, cancels, pauses, computes, reprocesses' },
  { value: 'admin', label: 'admin: also tokens, audit log, documents, alert rules' },
];
const DEFAULT_DAYS = 365;

/** Makes a token; its secret is shown once, here. */
export function NewTokenDialog({ opened, close }: { opened: boolean; close: () => void }): ReactElement {
  return (
    <Modal opened={opened} onClose={close} title="New token" centered closeOnClickOutside={false}>
      <NewTokenForm close={close} />
    </Modal>
  );
}

function NewTokenForm({ close }: { close: () => void }): ReactElement {
  const client = useQueryClient();
  const [name, setName] = useState('');
  const [role, setRole] = useState<Role>('viewer');
  const [days, setDays] = useState<number | undefined>(DEFAULT_DAYS);
  const make = useMutation({
    mutationFn: (asked: NewToken) => act<MadeToken>('POST', '/tokens', asked),
    onSuccess: () => client.invalidateQueries({ queryKey: ['tokens'] }),
  });
  if (make.data !== undefined) {
    return (
      <Stack gap="sm">
        <Text fz="sm">
          The secret of <b>{make.data.token.name}</b>. It is shown this once and kept as a hash: copy it now.
        </Text>
        <Group gap={6} wrap="nowrap">
          <Code className="break" fz="sm">
            {make.data.secret}
          </Code>
          <Copy text={make.data.secret} what="the secret" />
        </Group>
        <Group justify="flex-end">
          <Button onClick={close}>I have it</Button>
        </Group>
      </Stack>
    );
  }
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        make.mutate({ name: name.trim(), role, days });
      }}
    >
      <Stack gap="sm">
        <TextInput
          label="Name"
          description="Of the person or program; stands in the audit log. Letters, digits and . _ @ -"
          value={name}
          onChange={(event) => {
            setName(event.currentTarget.value);
          }}
          required
          maxLength={63}
          data-autofocus
        />
        <Select
          label="Role"
          data={ROLES}
          value={role}
          onChange={(value) => {
            setRole(ROLES.find((each) => each.value === value)?.value ?? 'viewer');
          }}
          allowDeselect={false}
        />
        <NumberInput
          label="Days it is good for"
          description="Empty: it never ends."
          value={days ?? ''}
          onChange={(value) => {
            setDays(typeof value === 'number' ? value : undefined);
          }}
          min={1}
          max={3650}
        />
        {make.error !== null && <ProblemView error={make.error} />}
        <Group justify="flex-end" gap="xs">
          <Button variant="default" onClick={close}>
            Leave it
          </Button>
          <Button type="submit" loading={make.isPending} disabled={name.trim() === ''}>
            Make the token
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
