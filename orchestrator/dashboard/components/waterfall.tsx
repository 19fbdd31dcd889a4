import { Text } from '@mantine/core';
import type { ReactElement } from 'react';
import type { Span } from '../lib/answers.js';
import { useNow } from '../lib/clock.js';
import { absolute, count, duration } from '../lib/format.js';
import { Empty } from './answer.js';

/**
 * Where a job's time went: a bar per stage on one axis of time, attempts below each other, lanes named by their table.
 * It is a list with every number in words, so that it reads the same without eyes.
 */
export function Waterfall({ spans }: { spans: readonly Span[] }): ReactElement {
  const now = useNow();
  const first = spans[0];
  if (first === undefined) return <Empty>It has not begun yet.</Empty>;
  const ends = spans.map(({ until }) => (until === null ? now : Date.parse(until)));
  const from = Math.min(...spans.map((span) => Date.parse(span.from)));
  const whole = Math.max(1, Math.max(...ends) - from);
  const attempts = new Set(spans.map(({ attempt }) => attempt)).size;
  return (
    <>
      <ul className="waterfall">
        {spans.map((span, at) => {
          const began = Date.parse(span.from);
          const ms = Math.max(0, (ends[at] ?? now) - began);
          const name = `${span.stage}${span.of === null ? '' : ` · ${span.of.split('.').at(-1) ?? ''}`}`;
          const took = duration(ms / 1000);
          return (
            <li key={at}>
              <span className="clip" title={span.of ?? undefined}>
                {name}
                {attempts > 1 && (
                  <Text span fz="xs" c="dimmed">
                    {' '}
                    try {span.attempt}
                  </Text>
                )}
              </span>
              <span
                className="track"
                title={`${span.state}, from ${absolute(span.from)}, ${took}${span.rows === null ? '' : `, ${count(span.rows)} rows`}`}
              >
                <span
                  className="bar"
                  data-state={span.stage === 'wait' && span.state === 'done' ? 'waiting' : span.state}
                  style={{ left: `${((began - from) / whole) * 100}%`, width: `${(ms / whole) * 100}%` }}
                />
              </span>
              <span className="number">
                {took}
                {span.state === 'failed' && <span className="text-bad"> ✕</span>}
                {span.state === 'running' && ' …'}
                <span className="only-read">
                  {span.state}
                  {span.rows === null ? '' : `, ${count(span.rows)} rows`}
                </span>
              </span>
            </li>
          );
        })}
      </ul>
      <Text fz="xs" c="dimmed" mt={10} component="div" className="legend">
        <span>
          <i data-state="waiting" className="bar" /> waited
        </span>
        <span>
          <i data-state="done" className="bar" /> done
        </span>
        <span>
          <i data-state="running" className="bar" /> goes on
        </span>
        <span>
          <i data-state="failed" className="bar" /> ✕ failed
        </span>
        <span>
          {duration(whole / 1000)} in all, since {absolute(new Date(from).toISOString())}
        </span>
      </Text>
    </>
  );
}
