import { UnstyledButton } from '@mantine/core';
import { IconX } from '@tabler/icons-react';
import type { ReactElement } from 'react';
import type { JobFacets } from '../lib/answers.js';
import { count } from '../lib/format.js';
import { StateOf } from './state.js';

const HEADS: Readonly<Record<keyof JobFacets, string>> = {
  state: 'State',
  kind: 'Kind',
  failureClass: 'Failure',
  topic: 'Topic',
  domain: 'Domain',
};
const ORDER = ['state', 'kind', 'failureClass', 'topic', 'domain'] as const;

/** What the jobs found have in common, with counts; a click narrows, a click on the chosen one widens again. */
export function JobFacetList({
  facets,
  chosen,
  choose,
}: {
  facets: JobFacets;
  chosen: Readonly<Record<string, string>>;
  choose: (name: keyof JobFacets, value: string) => void;
}): ReactElement {
  return (
    <>
      {ORDER.map((name) => {
        const value = chosen[name];
        const values = facets[name];
        // What is chosen stays to be seen, and taken out, when nothing fits it.
        const shown =
          value !== undefined && !values.some((each) => each.value === value)
            ? [...values, { value, count: 0, isCapped: false }]
            : values;
        if (shown.length === 0) return null;
        return (
          <fieldset key={name} className="facet">
            <legend>{HEADS[name]}</legend>
            {shown.map((each) => (
              <UnstyledButton
                key={each.value}
                className="facet-value"
                aria-pressed={value === each.value}
                onClick={() => {
                  choose(name, value === each.value ? '' : each.value);
                }}
              >
                {name === 'state' ? (
                  <StateOf state={each.value} />
                ) : (
                  <span className="clip">{each.value}</span>
                )}
                <span style={{ whiteSpace: 'nowrap' }}>
                  {count(each.count)}
                  {each.isCapped && '+'}
                  {value === each.value && (
                    <IconX size={12} aria-hidden style={{ verticalAlign: -1, marginLeft: 4 }} />
                  )}
                </span>
              </UnstyledButton>
            ))}
          </fieldset>
        );
      })}
    </>
  );
}
