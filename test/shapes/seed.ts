/** What SHAPE_SEED says, else another one every time: a failure tells it, so that it can be had again. */
export function seedOf(env: Readonly<Record<string, string | undefined>>): number {
  return wholeNumber(env, 'SHAPE_SEED') ?? Math.floor(Math.random() * 1e9);
}

/** @throws RangeError when the variable is set to anything else */
export function wholeNumber(
  env: Readonly<Record<string, string | undefined>>,
  name: string,
): number | undefined {
  const text = env[name] ?? '';
  if (text === '') return undefined;
  if (!/^\d{1,9}$/.test(text)) throw new RangeError(`${name} must be a whole number`);
  return Number(text);
}
