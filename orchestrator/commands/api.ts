import type { Command } from 'commander';
import { withExamples } from './help.js';
import { up } from './up.js';

export function registerApi(program: Command): void {
  withExamples(
    program
      .command('api')
      .description('serve the REST API and the dashboard alone, as `up --only api` does')
      .action(() => up({ only: ['api'] })),
    {
      'dimagi-lake api': 'at API_HOST and API_PORT, 127.0.0.1:8080 by default; several processes are welcome',
      'API_PORT=0 dimagi-lake api': 'at any port that is free; the log says which',
    },
    [
      'Its description stands at /api/docs. Who asks needs a token: `dimagi-lake token create`. Before API_HOST is opened to other',
      'machines, put a proxy with TLS before it. Ctrl-C (or SIGTERM) answers what is under way, then ends with 0.',
    ],
  );
}
