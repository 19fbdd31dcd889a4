import { useCallback } from 'react';
import { useSearchParams } from 'react-router';

/**
 * Filters that stand in the address, so that a page can be shared, kept and gone back to. Setting '' or undefined takes
 * one out. Typing replaces the history entry, a choice adds one.
 */
export function useFilters(): {
  filters: Readonly<Record<string, string>>;
  set: (changes: Readonly<Record<string, string | undefined>>, how?: 'push' | 'replace') => void;
} {
  const [parameters, setParameters] = useSearchParams();
  const set = useCallback(
    (changes: Readonly<Record<string, string | undefined>>, how: 'push' | 'replace' = 'push') => {
      setParameters(
        (before) => {
          const after = new URLSearchParams(before);
          for (const [name, value] of Object.entries(changes)) {
            if (value === undefined || value === '') after.delete(name);
            else after.set(name, value);
          }
          return after;
        },
        { replace: how === 'replace', preventScrollReset: true },
      );
    },
    [setParameters],
  );
  return { filters: Object.fromEntries(parameters), set };
}
