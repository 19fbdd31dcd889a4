import { Stack, Stepper, Text } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useState, type ReactElement } from 'react';
import { ProblemView } from '../components/answer.js';
import { Page } from '../components/page.js';
import { Panel } from '../components/panel.js';
import { ReprocessConfirm, type Confirmed } from '../components/reprocess-confirm.js';
import { ReprocessProgress } from '../components/reprocess-progress.js';
import { ReprocessScopeForm } from '../components/reprocess-scope-form.js';
import { freshKey, migrate, reprocess } from '../lib/acts.js';
import type { ReprocessAnswer, ReprocessScope } from '../lib/answers.js';
import { scopeOf, WAYS, type ScopeForm } from '../lib/reprocess-scope.js';
import { useCan, useSession } from '../lib/session.js';
import { useFilters } from '../lib/url-state.js';

interface Asked {
  readonly isMigration: boolean;
  readonly scope: ReprocessScope;
  /** The same for every try to start it, so that a shaky line starts it once. */
  readonly key: string;
}

/** Reads records from HQ again: what, then how much that is, then the reason and the start. */
export function Reprocess(): ReactElement {
  const { form, change } = useForm();
  const { role } = useSession();
  const may = useCan('operator');
  const dryRun = useMutation({
    mutationFn: async (asked: Asked) => ({ asked, answer: await ask(asked, null) }),
  });
  const start = useMutation({
    mutationFn: ({ asked, confirmed }: { asked: Asked; confirmed: Confirmed }) => ask(asked, confirmed),
  });
  const wanted = scopeOf(form);
  const jobId = start.data?.jobId ?? null;
  const step = start.data !== undefined ? 2 : dryRun.data !== undefined ? 1 : 0;
  const again = (): void => {
    dryRun.reset();
    start.reset();
  };
  return (
    <Page title="Reprocess">
      <Stack gap="md" maw={980}>
        <Text fz="sm" c="dimmed">
          Reads records from HQ again, through the same pipeline as live changes and after them in priority.
          It can be stopped at any time, and doing it twice harms nothing.
        </Text>
        <Stepper active={step} size="sm" allowNextStepsSelect={false} aria-label="Steps">
          <Stepper.Step label="What" description="Choose the records" />
          <Stepper.Step label="How much" description="Look before it starts" />
          <Stepper.Step label="Progress" description="It goes on by itself" />
        </Stepper>
        {step === 0 && (
          <Panel title="Which records">
            <ReprocessScopeForm
              form={form}
              change={change}
              missing={
                may
                  ? 'missing' in wanted
                    ? wanted.missing
                    : null
                  : `Needs the role operator; you are ${role}.`
              }
              isBusy={dryRun.isPending}
              submit={() => {
                if ('scope' in wanted)
                  dryRun.mutate({
                    isMigration: form.way === 'migration',
                    scope: wanted.scope,
                    key: freshKey(),
                  });
              }}
            />
            {dryRun.error !== null && <ProblemView error={dryRun.error} />}
          </Panel>
        )}
        {step === 1 && dryRun.data !== undefined && (
          <>
            <ReprocessConfirm
              domain={dryRun.data.asked.scope.domain}
              isMigration={dryRun.data.asked.isMigration}
              answer={dryRun.data.answer}
              isBusy={start.isPending}
              back={again}
              start={(confirmed) => {
                start.mutate({ asked: dryRun.data.asked, confirmed });
              }}
            />
            {start.error !== null && <ProblemView error={start.error} />}
          </>
        )}
        {step === 2 && start.data !== undefined && (
          <ReprocessProgress jobId={jobId} message={start.data.message} another={again} />
        )}
      </Stack>
    </Page>
  );
}

/** @param confirmed null: a dry run */
function ask({ isMigration, scope, key }: Asked, confirmed: Confirmed | null): Promise<ReprocessAnswer> {
  const how =
    confirmed === null ? { dryRun: true } : { dryRun: false, reason: confirmed.reason, idempotencyKey: key };
  if (isMigration) return migrate({ domain: scope.domain, ...how });
  return reprocess({ scope, ...how, reaggregate: confirmed?.reaggregate ?? false });
}

/** The form begins with the address and is written into it, but for ids and offsets: they may be too long for one. */
function useForm(): { form: ScopeForm; change: (part: Partial<ScopeForm>) => void } {
  const { filters, set } = useFilters();
  const [form, setForm] = useState<ScopeForm>(() => {
    const { domain = '', table = '', from = '', until = '', month = '', topic = '', ids = '' } = filters;
    const way = WAYS.find((each) => each === filters['way']) ?? (ids === '' ? 'everything' : 'ids');
    return { domain, table, from, until, month, topic, way, ids, offsets: '' };
  });
  return {
    form,
    change: (part) => {
      setForm((before) => ({ ...before, ...part }));
      const short = Object.fromEntries(
        Object.entries(part).filter(([name]) => name !== 'ids' && name !== 'offsets'),
      );
      if (Object.keys(short).length > 0) set(short, 'replace');
    },
  };
}
