import type { Command } from 'commander';
import { reprocessScope } from '../api/schemas/operate.js';
import { LakeError } from '../errors.js';
import type { RequestScope } from '../ledger/reprocess.js';
import { withExamples } from './help.js';
import { askAgain, type AskFlags } from './reprocess-ask.js';

interface Flags extends AskFlags {
  readonly domain: string;
  readonly table?: string;
  readonly ids?: readonly string[];
  readonly from?: string;
  readonly until?: string;
  readonly month?: string;
  readonly offsets?: readonly string[];
  readonly topic?: string;
  readonly reaggregate?: boolean;
}

export function registerReprocess(program: Command): void {
  withExamples(
    program
      .command('reprocess')
      .description(
        'read records from HQ again: a table, a month, a span of time, some ids, or all of a domain',
      )
      .requiredOption('--domain <domain>', 'the domain')
      .option('--table <table>', 'one of its tables, such as raw_member_case')
      .option('--ids <ids...>', 'only these records; they need not stand in the lake')
      .option(
        '--from <moment>',
        'only what HQ received or changed from this moment on, such as 2026-01-31T08:00:00Z',
      )
      .option('--until <moment>', 'and before this one')
      .option(
        '--month <month>',
        "only this month's: what the lake has of it, and what HQ received or opened in it",
      )
      .option('--offsets <ranges...>', 'only what these messages name: partition:from-until, with --topic')
      .option('--topic <topic>', 'only records of this topic')
      .option('--reaggregate', 'compute the months again that it changes')
      .option('--reason <text>', 'why; it stands with the request')
      .option('--key <key>', 'asking again with the same key is asking once')
      .option('--dry-run', 'count, plan nothing')
      .option('--wait', 'end when all of it is committed')
      .option('--json', 'print the result as JSON')
      .action(async (flags: Flags) => {
        const { reaggregate = false } = flags;
        await askAgain({ kind: 'reprocess', scope: scopeOf(flags), reaggregate }, flags);
      }),
    {
      'dimagi-lake reprocess --domain demo --table raw_member_case --dry-run':
        'how many records, in how many pages, and which months change',
      'dimagi-lake reprocess --domain demo --month 2026-01-01 --reaggregate --wait':
        'a month, and then its numbers; ends when all is in the lake',
      'dimagi-lake reprocess --domain demo --from 2026-01-31 --until 2026-02-02T12:00:00Z':
        'what changed then: after messages were lost',
      'dimagi-lake reprocess --domain demo --topic form-sql --offsets 0:1000-2000':
        'what these messages name',
    },
    [
      'Whoever polls the topics plans its pages (of 5,000 records, a few at a time, between live changes); a restart goes on',
      'where it was. With --table, --month, a span or all of a domain, what HQ no longer has is found too and removed.',
    ],
  );
}

/** @throws LakeError SCOPE_INVALID with every fault of the words */
function scopeOf({ domain, table, ids, from, until, month, offsets, topic }: Flags): RequestScope {
  const given = {
    ...{ domain, table, ids, topic },
    from: from === undefined ? undefined : momentOf(from),
    until: until === undefined ? undefined : momentOf(until),
    month: month !== undefined && /^\d{4}-\d{2}$/.test(month) ? `${month}-01` : month,
    offsets: offsets?.map(rangeOf),
  };
  const read = reprocessScope.safeParse(given);
  if (read.success) return read.data;
  const faults = read.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`);
  throw new LakeError('SCOPE_INVALID', `The scope cannot be read:\n  ${faults.join('\n  ')}`, {
    facts: { faults },
  });
}

/** A day is its midnight in UTC; any offset from UTC will do. */
function momentOf(text: string): string {
  const isDated = /^\d{4}-\d{2}-\d{2}(T.*(Z|[+-]\d{2}:?\d{2}))?$/i.test(text);
  const date = new Date(text);
  return isDated && !Number.isNaN(date.getTime()) ? date.toISOString() : text;
}

/** `3:100-200`; what is none is refused with the others. */
function rangeOf(text: string): unknown {
  const [, partition, from, until] = /^(\d{1,9}):(\d+)-(\d+)$/.exec(text) ?? [];
  return partition === undefined ? text : { partition: Number(partition), from, until };
}
