#!/usr/bin/env node
// The program's entry in a checkout: installs and builds what is missing or stale, then runs the command line.
import { ensureBuilt } from '../deploy/ensure-built.mjs';

await ensureBuilt();
const { main } = await import('../dist/orchestrator/cli.js');
await main(process.argv);
// A client that was given up on (a Kafka that hangs) may hold a socket open; the work is done all the same.
process.exit();
