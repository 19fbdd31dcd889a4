// `npm run screenshots`: builds what is missing, then takes the pictures of deploy/dashboard.md.
import { ensureBuilt } from '../../deploy/ensure-built.mjs';

await ensureBuilt();
const { takePictures } = await import('../../dist/test/dashboard/take-pictures.js');
await takePictures(process.argv.slice(2));
process.exit();
