import { CloseButton, Kbd, TextInput } from '@mantine/core';
import { useDebouncedCallback } from '@mantine/hooks';
import { IconSearch } from '@tabler/icons-react';
import { useEffect, useState, type ReactElement, type Ref } from 'react';

const TYPING_MS = 200;

/** A search whose words stand in the address shortly after they are typed. */
export function SearchBox({
  label,
  placeholder,
  value,
  onSearch,
  inputRef,
}: {
  label: string;
  placeholder: string;
  value: string;
  onSearch: (words: string) => void;
  inputRef?: Ref<HTMLInputElement>;
}): ReactElement {
  const [typed, setTyped] = useState(value);
  const [shown, setShown] = useState(value);
  const search = useDebouncedCallback(onSearch, TYPING_MS);
  // The address changed by itself (back, a facet that was cleared): the box follows.
  if (shown !== value) {
    setShown(value);
    setTyped(value);
  }
  useEffect(() => search.flush, [search]);
  return (
    <TextInput
      ref={inputRef}
      aria-label={label}
      placeholder={placeholder}
      value={typed}
      onChange={(event) => {
        const words = event.currentTarget.value;
        setTyped(words);
        search(words.trim());
      }}
      onKeyDown={(event) => {
        if (event.key === 'Escape') event.currentTarget.blur();
      }}
      leftSection={<IconSearch size={16} aria-hidden />}
      rightSection={
        typed === '' ? (
          <Kbd size="xs">/</Kbd>
        ) : (
          <CloseButton
            size="sm"
            aria-label="Clear the search"
            onClick={() => {
              setTyped('');
              onSearch('');
            }}
          />
        )
      }
      style={{ flex: 1, minWidth: 220 }}
    />
  );
}
