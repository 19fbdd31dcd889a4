// What `npm test` runs, from a fresh clone on: installs and builds what is missing, then hands over to the built
// test/helpers/test-run.ts. Arguments: unit, integration, dashboard, invariants, faults, long (none = the first four), and words of file names.
import { ensureBuilt } from '../deploy/ensure-built.mjs';

await ensureBuilt();
const { runTests } = await import('../dist/test/helpers/test-run.js');
process.exit(await runTests(process.argv.slice(2)));
