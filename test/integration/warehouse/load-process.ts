import { readWarehouseEnvironment } from '../../../orchestrator/config/environment.js';
import { Warehouse, type Staging } from '../../../orchestrator/warehouse/warehouse.js';
import { WEIGHED } from './warehouse-fixture.js';

/**
 * A load in a process of its own that is killed the hard way after one of its steps, for killed.test.ts:
 * `load-process.js <staging as JSON> <step>`, rows written already. Prints `at swap` before the swap.
 */
const STEPS = ['finish', 'swap'] as const;

const [stagingText = '', killedAfter = ''] = process.argv.slice(2);
const { token, ...place } = JSON.parse(stagingText) as Omit<Staging, 'of' | 'token'> & { token: string };
const staging: Staging = { ...place, token: BigInt(token), of: WEIGHED };
const warehouse = new Warehouse(readWarehouseEnvironment());

for (const step of STEPS) {
  if (step === 'finish')
    await warehouse.finishStaging(staging, { rows: BigInt(process.env['EXPECTED_ROWS'] ?? '') });
  else {
    process.stdout.write('at swap\n');
    await warehouse.swap(staging, { sources: new Map() });
  }
  if (step === killedAfter) process.kill(process.pid, 'SIGKILL');
}
await warehouse.close();
