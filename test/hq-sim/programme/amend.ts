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
