import { Button, Group, Stack, Text, Title } from '@mantine/core';
import { IconEye } from '@tabler/icons-react';
import { useState, type ReactElement } from 'react';
import type { QuarantineDocument, Quarantined } from '../lib/answers.js';
import { count } from '../lib/format.js';
import { useAnswer } from '../lib/queries.js';
import { useCan } from '../lib/session.js';
import { Answer } from './answer.js';
import { Facts } from './facts.js';
import { Moment } from './moment.js';
import { ReplayButton } from './replay-button.js';

/** One record that was set aside: why, where it is in HQ, its replay; for admins the document, asked from HQ when they say so. */
export function QuarantinedRecord({ record }: { record: Quarantined }): ReactElement {
  const [isOpen, setOpen] = useState(false);
  const isAdmin = useCan('admin');
  return (
    <Stack gap="md">
      <Text fw={600} className="break">
        {record.reason}
      </Text>
      <Facts
        facts={[
          ['Domain', record.domain],
          ['Type', record.type ?? 'not known'],
          ['Where HQ keeps it', record.place],
          ['Topic', record.topic],
          [
            'Partition and offset',
            record.offset === null ? 'no message' : `${record.partition ?? ''}, ${count(record.offset)}`,
          ],
          ['Set aside', <Moment key="at" at={record.at} />],
        ]}
      />
      <Group gap="xs">
        {record.state === 'open' && <ReplayButton ids={[record.id]} what={record.record} filled />}
        {isAdmin && !isOpen && (
          <Button
            size="xs"
            variant="default"
            leftSection={<IconEye size={14} aria-hidden />}
            onClick={() => {
              setOpen(true);
            }}
          >
            Show the document
          </Button>
        )}
      </Group>
      {isAdmin ? (
        !isOpen && (
          <Text fz="xs" c="dimmed">
            It is read from HQ now and kept nowhere; that you looked stands in the audit log.
          </Text>
        )
      ) : (
        <Text fz="xs" c="dimmed">
          Only an admin is shown the document, for it may hold personal data.
        </Text>
      )}
      {isOpen && <Document id={record.id} />}
    </Stack>
  );
}

function Document({ id }: { id: string }): ReactElement {
  const query = useAnswer<QuarantineDocument>('document', `/quarantine/${id}/document`);
  return (
    <Answer query={query} bars={8}>
      {({ lines, expected, document }) => (
        <Stack gap="sm">
          <Title order={3}>Expected</Title>
          <Text fz="sm">{expected}</Text>
          <Title order={3}>In HQ now</Title>
          {lines.length === 0 && document === null ? (
            <Text fz="sm">HQ has no document for this record any more.</Text>
          ) : (
            <pre className="code wrap" tabIndex={0} role="region" aria-label="The document">
              {lines.length === 0
                ? document
                : lines.map(({ number, text, isFault }) => (
                    <span key={number} className={isFault ? 'fault' : undefined}>
                      <span className="line-number">{number}</span>
                      {isFault ? `${text}  ◀ here` : `${text}\n`}
                    </span>
                  ))}
            </pre>
          )}
        </Stack>
      )}
    </Answer>
  );
}
