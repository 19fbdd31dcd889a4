// What `npm test` runs, from a fresh clone on: installs and builds what is missing, then hands over to the built
// test/helpers/test-run.ts. Arguments: unit, integration, dashboard, invariants, faults, long (none = the first four), and words of file names.
// `faults` with flags (--seed, --points …) is the fault harness, test/faults/random.
import { ensureBuilt } from '../deploy/ensure-built.mjs';

const [part, ...rest] = process.argv.slice(2);
await ensureBuilt();
if (part === 'faults' && rest.some((word) => word.startsWith('--'))) {
  const { faultsCommand } = await import('../dist/test/faults/random/command.js');
  process.exit(await faultsCommand(rest));
}
const { runTests } = await import('../dist/test/helpers/test-run.js');
process.exit(await runTests(process.argv.slice(2)));
