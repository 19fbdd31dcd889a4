import type { MachineFacts } from './machine.js';
import type { Figure, Size } from './measurement.js';
import { readable } from './statistics.js';

/** One measurement's outcome: its figures, or why there are none. */
export interface Section {
  readonly name: string;
  readonly title: string;
  readonly seconds: number;
  readonly figures: readonly Figure[];
  readonly failure?: string;
}

export interface Report {
  readonly machine: MachineFacts;
  readonly size: Size;
  readonly sections: readonly Section[];
}

/** As Markdown; the JSON of a report is the report itself. */
export function reportText({ machine, size, sections }: Report): string {
  const facts = [
    `${machine.cpu}, ${machine.cores} cores, ${machine.memoryGb} GB, ${machine.system}`,
    `Node ${machine.node}, ${machine.java}, Spark ${machine.spark}, Delta ${machine.delta}, Kafka ${machine.kafka}`,
    `load when it began: ${machine.loadBefore}`,
    size === 'full' ? 'full sizes' : `${size} sizes (\`--full\` for those of the targets)`,
  ];
  return ['# Bench', '', ...facts.map((fact) => `- ${fact}`), '', ...sections.flatMap(sectionLines)].join(
    '\n',
  );
}

/** One measurement's part of the report. */
export function sectionLines({ name, title, seconds, figures, failure }: Section): string[] {
  const head = [`## ${name}: ${title}`, ''];
  if (failure !== undefined) return [...head, `Failed after ${readable(seconds)} s: ${failure}`, ''];
  return [
    ...head,
    '| what | value | target | |',
    '| --- | --- | --- | --- |',
    ...figures.map(
      (figure) =>
        `| ${figure.what} | ${readable(figure.value)} ${figure.unit} | ${targetText(figure)} | ${figure.how ?? ''} |`,
    ),
    '',
  ];
}

function targetText(figure: Figure): string {
  const { target } = figure;
  if (target === undefined) return '';
  const bound = 'atLeast' in target ? `>= ${readable(target.atLeast)}` : `<= ${readable(target.atMost)}`;
  return `${bound}: ${isReached(figure) ? 'reached' : '**missed**'}`;
}

/** True also where there is no target. */
export function isReached({ value, target }: Figure): boolean {
  if (target === undefined) return true;
  return 'atLeast' in target ? value >= target.atLeast : value <= target.atMost;
}
