import { Select } from '@mantine/core';
import type { ReactElement } from 'react';
import type { Scripts } from '../lib/answers.js';
import { useAnswer } from '../lib/queries.js';
import { useFilters } from '../lib/url-state.js';
import { Answer, Empty } from './answer.js';
import { SqlView } from './code-view.js';
import { Panel } from './panel.js';

/** The SQL that was generated for the job, a script per table, of its newest runs. */
export function JobScripts({ id }: { id: string }): ReactElement {
  const query = useAnswer<Scripts>('job', `/jobs/${id}/scripts`);
  const { filters, set } = useFilters();
  return (
    <Panel>
      <Answer query={query} bars={6}>
        {({ scripts }) => {
          const names = scripts.map(({ run, name }) => `${run} · ${name}`);
          const at = Math.max(0, names.indexOf(filters['script'] ?? ''));
          const shown = scripts[at];
          if (shown === undefined) {
            return (
              <Empty>
                No SQL is kept: none was generated yet, or it was deleted with the staged files some days
                after the commit.
              </Empty>
            );
          }
          return (
            <>
              {scripts.length > 1 && (
                <Select
                  label="Script"
                  data={names}
                  value={names[at]}
                  onChange={(value) => {
                    set({ script: value ?? '' }, 'replace');
                  }}
                  allowDeselect={false}
                  searchable
                  mb="sm"
                  maw={640}
                />
              )}
              <SqlView sql={shown.sql} name={`${shown.run}, ${shown.name}`} />
            </>
          );
        }}
      </Answer>
    </Panel>
  );
}
