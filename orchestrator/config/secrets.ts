/** Variables whose value is a secret as a whole. */
const SECRET = /(PASSWORD|SECRET|_KEY|_KEY_ID|TOKEN)$|WEBHOOK/;
/** Shorter ones would take half of every text with them, and are none. */
const SHORTEST = 6;

/**
 * What must be shown nowhere, as it may stand in texts that others wrote: passwords in URLs, keys, and whole URLs of
 * webhooks.
 */
export function secretsOf(...environments: readonly object[]): string[] {
  const secrets = new Set<string>();
  for (const environment of environments)
    for (const [name, value] of Object.entries(environment) as [string, unknown][]) {
      for (const text of Array.isArray(value) ? (value as unknown[]) : [value]) {
        if (typeof text !== 'string') continue;
        if (SECRET.test(name)) secrets.add(text);
        for (const password of passwordsOf(text)) secrets.add(password);
      }
    }
  // The longer first: one that holds another must not be left in halves.
  return [...secrets]
    .filter((each) => each.length >= SHORTEST)
    .sort((one, other) => other.length - one.length);
}

/** As it stands in the URL and as it reads. */
function passwordsOf(text: string): string[] {
  if (!text.includes('://') || !URL.canParse(text)) return [];
  const { password } = new URL(text);
  if (password === '') return [];
  try {
    return [password, decodeURIComponent(password)];
  } catch {
    return [password];
  }
}
