// What `npm run bench` runs: installs and builds what is missing, then hands over to the built test/bench/bench.ts.
import { ensureBuilt } from '../../deploy/ensure-built.mjs';

await ensureBuilt();
const { runBench } = await import('../../dist/test/bench/bench.js');
process.exit(await runBench(process.argv.slice(2)));
