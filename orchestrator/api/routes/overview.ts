import { reads } from '../access/roles.js';
import type { Api, ApiParts } from '../parts.js';
import { MonthCounter } from '../read/months.js';
import { overviewNow } from '../read/overview.js';
import { overview } from '../schemas/operate.js';

/** How it stands, in one look. */
export function overviewRoutes(app: Api, parts: ApiParts): void {
  const counter = new MonthCounter(parts);
  app.get(
    '/overview',
    {
      config: reads(),
      schema: {
        tags: ['overview'],
        summary: 'One verdict, and what stands behind it',
        description:
          '`failing` is what needs somebody, the worst first; `href` is its page of the dashboard.',
        response: { 200: overview },
      },
    },
    async () => overviewNow(parts, counter),
  );
}
