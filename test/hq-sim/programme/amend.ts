/**
 * The form with an answer changed, as a correction in HQ's form editor would: a weight gets another value, any other
 * form gets (or changes) the answer `correction`, a question it did not have before.
 */
export function amendForm(xml: string, number: number): string {
  if (/<weight>[^<]*<\/weight>/.test(xml)) {
    return xml.replace(/<weight>[^<]*<\/weight>/, `<weight>${(5 + (number % 100) / 10).toFixed(2)}</weight>`);
  }
  const answer = `<correction>${number}</correction>`;
  if (xml.includes('<correction>')) return xml.replace(/<correction>[^<]*<\/correction>/, answer);
  return xml.replace(/<\/[^<>]+>\s*$/, (closing) => `${answer}${closing}`);
}

/** The form as if its phone's clock had been a month ahead and is put right: it ended a month earlier. */
export function monthEarlier(xml: string): string {
  return xml.replace(/(:timeEnd>)(\d{4})-(\d\d)-(\d\d)/, (_, tag: string, ...date: string[]) => {
    const [year = 0, month = 0, day = 0] = date.slice(0, 3).map(Number);
    const moved = new Date(Date.UTC(year, month - 2, Math.min(day, 28)));
    return `${tag}${moved.toISOString().slice(0, 10)}`;
  });
}
