import { formJson } from '../../orchestrator/extract/form-json/form-json.js';

/** Forms per second of processor time: `node dist/test/bench/form-json.js`. The aim is 2,000 forms of 11 KB. */
const FORMS = 4_000;
const ROUNDS = 4;

const questions = (group: number): string =>
  Array.from({ length: 20 }, (_, index) => {
    const answer =
      index % 7 === 0 ? '2015-04-17T16:04:42.123+05:30' : index % 3 === 0 ? '' : `answer ${index}`;
    return `<question_${group}_${index}>${answer}</question_${group}_${index}>`;
  }).join('\n\t');
const groups = Array.from(
  { length: 11 },
  (_, index) => `<group_${index}>${questions(index)}</group_${index}>`,
).join('\n');
const xml = Buffer.from(
  `<?xml version="1.0"?><data xmlns="http://openrosa.org/formdesigner/33EBE6E1" uiVersion="1" name="Visit">${groups}` +
    `<n0:case xmlns:n0="http://commcarehq.org/case/transaction/v2" case_id="c1" date_modified="2015-04-17T16:04:54-04">` +
    `<n0:update><n0:weight>3.1</n0:weight></n0:update></n0:case><n1:meta xmlns:n1="http://openrosa.org/jr/xforms">` +
    `<n1:timeEnd>2015-04-17T16:04:54-04</n1:timeEnd></n1:meta></data>`,
);

for (let round = 1; round <= ROUNDS; round++) {
  // Processor time, not the clock's: other programs on the machine must not count.
  const before = process.cpuUsage();
  for (let form = 0; form < FORMS; form++) formJson(xml);
  const { user, system } = process.cpuUsage(before);
  const perSecond = Math.round(FORMS / ((user + system) / 1e6));
  process.stdout.write(`round ${round}: ${perSecond} forms/s of ${xml.byteLength} bytes\n`);
}
