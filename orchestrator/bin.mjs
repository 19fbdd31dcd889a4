#!/usr/bin/env node
// The program's entry in a checkout: installs and builds what is missing or stale, then runs the command line.
import { ensureBuilt } from '../deploy/ensure-built.mjs';

await ensureBuilt();
const { main } = await import('../dist/orchestrator/cli.js');
await main(process.argv);
