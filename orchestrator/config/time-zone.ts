/** Whether a name is one of the IANA database, as this machine knows it. */
export function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return true;
  } catch {
    return false;
  }
}

/**
 * Formats that tell year, month and whatever else is asked for by the calendar of each time zone, made once per zone:
 * making one is dear (tens of microseconds), using it is not.
 */
export function formatsByZone(more: Intl.DateTimeFormatOptions): (timeZone: string) => Intl.DateTimeFormat {
  const formats = new Map<string, Intl.DateTimeFormat>();
  return (timeZone) => {
    let format = formats.get(timeZone);
    if (format === undefined) {
      const usual = {
        calendar: 'iso8601',
        numberingSystem: 'latn',
        year: 'numeric',
        month: '2-digit',
      } as const;
      format = new Intl.DateTimeFormat('en-US', { ...usual, ...more, timeZone });
      formats.set(timeZone, format);
    }
    return format;
  };
}
