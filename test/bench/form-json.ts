import { formJson } from '../../orchestrator/extract/form-json/form-json.js';
import { largeForm } from './large-form.js';
import type { Measurement } from './measurement.js';
import { median, readable } from './statistics.js';

const ROUNDS = 5;

/** XML to JSON alone, the dearest part of extraction. */
export const formXml: Measurement = {
  name: 'form-json',
  title: 'Form XML to JSON, nothing else',
  needsStack: false,
  measure(bench) {
    const forms = Array.from({ length: 200 }, (_, number) =>
      Buffer.from(largeForm({ id: `form-${number}`, type: number % 10, userId: 'worker', number })),
    );
    const bytes = forms.reduce((sum, form) => sum + form.byteLength, 0) / forms.length;
    const times = { smoke: 1, quick: 15, full: 50 }[bench.size];
    const perSecond = Array.from({ length: ROUNDS + 1 }, () => {
      const before = process.cpuUsage();
      for (let time = 0; time < times; time++) for (const form of forms) formJson(form);
      const { user, system } = process.cpuUsage(before);
      return (forms.length * times) / ((user + system) / 1e6);
    }).slice(1);
    return Promise.resolve([
      {
        what: `forms of ${(bytes / 1000).toFixed(1)} KB per second of processor time`,
        value: median(perSecond),
        unit: 'forms/s',
        how: `median of ${perSecond.map(readable).join('; ')}`,
      },
    ]);
  },
};
