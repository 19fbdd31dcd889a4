/**
 * Takes secrets out of text that others wrote: the values this process knows to be secret, the token of a run (Spark
 * prints a driver's command line), and what looks like a password.
 */
const TOKEN = /(--token"?\s+"?)[^"\s]+/g;
const IN_URL = /(\b[a-z][a-z0-9+.-]*:\/\/[^\s:/@]*:)[^\s@/]+(@)/gi;
const NAMED =
  /((?:password|passwd|secret(?:[._-]?key)?|access[._-]?key|api[._-]?key|session[._-]?token)["']?\s*[=:]\s*["']?)(?!\*)[^\s"',;&)]+/gi;
const GONE = '*****';

export function redact(text: string, secrets: readonly string[]): string {
  let clean = text;
  for (const secret of secrets) clean = clean.replaceAll(secret, GONE);
  return clean.replace(TOKEN, `$1${GONE}`).replace(IN_URL, `$1${GONE}$2`).replace(NAMED, `$1${GONE}`);
}
