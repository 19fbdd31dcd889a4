import { AreaChart } from '@mantine/charts';
import type { ReactElement } from 'react';
import type { Throughput } from '../lib/answers.js';
import { count, duration } from '../lib/format.js';
import { Empty } from './answer.js';

const CLOCK = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit' });

/** The pace as a chart; its essence is also there as words, for who can't see it. */
export function ThroughputChart({ points }: { points: Throughput['points'] }): ReactElement {
  const busiest = points.reduce((most, { messages }) => Math.max(most, messages), 0);
  if (busiest === 0) return <Empty>Nothing was committed in this time.</Empty>;
  const total = points.reduce((sum, { messages }) => sum + messages, 0);
  const newest = points.findLast(({ seconds }) => seconds !== null)?.seconds ?? null;
  return (
    <figure style={{ margin: 0 }}>
      <AreaChart
        h={180}
        data={points.map(({ at, messages }) => ({ at: CLOCK.format(new Date(at)), messages }))}
        dataKey="at"
        series={[{ name: 'messages', label: 'Messages', color: 'var(--chart-main)' }]}
        curveType="linear"
        withDots={false}
        tickLine="none"
        gridAxis="y"
        valueFormatter={count}
        areaProps={{ isAnimationActive: false }}
        areaChartProps={{ accessibilityLayer: true }}
        xAxisProps={{ minTickGap: 60 }}
      />
      <figcaption style={{ fontSize: 12.5, color: 'var(--quiet)', marginTop: 4 }}>
        {count(total)} messages in this time, at most {count(busiest)} in a minute
        {newest !== null && `; the newest were in the lake ${duration(newest)} after HQ published them`}.
      </figcaption>
    </figure>
  );
}
