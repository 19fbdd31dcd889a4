/** A Java properties file. A backslash would be taken for an escape, so it is doubled. */
export function propertiesText(settings: Readonly<Record<string, string | number | boolean>>): string {
  const lines = Object.entries(settings).map(
    ([key, value]) => `${key}=${String(value).replaceAll('\\', '\\\\')}`,
  );
  return `${lines.join('\n')}\n`;
}
