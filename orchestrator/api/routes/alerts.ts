import { testAlert } from '../../alerts/run-alerts.js';
import { changeAlertRules, readAlertRules, readAlerts } from '../../ledger/alerts.js';
import { acts, reads } from '../access/roles.js';
import type { Api, ApiParts } from '../parts.js';
import { alertRules, alerts, alertTest } from '../schemas/operate.js';

/** What needs somebody, and who is told. */
export function alertRoutes(app: Api, { database, webhook, dashboardUrl }: ApiParts): void {
  app.get(
    '/alerts',
    {
      config: reads(),
      schema: {
        tags: ['operation'],
        summary: 'Alerts that stand, those that ended lately, the rules',
        description: '`webhook`: whether somebody is told (ALERT_WEBHOOK_URL); its address is shown nowhere.',
        response: { 200: alerts },
      },
    },
    async () => ({
      webhook: webhook !== undefined,
      rules: await readAlertRules(database),
      ...(await readAlerts(database)),
    }),
  );

  app.put(
    '/alerts/rules',
    {
      config: acts('admin', 'change alert rules'),
      schema: {
        tags: ['operation'],
        summary: 'Change rules; those not named stay',
        body: alertRules,
        response: { 200: alertRules },
      },
    },
    async (request) => {
      const { rules } = request.body;
      request.auditTarget = rules
        .map(({ kind, enabled, limit }) => `${kind} ${enabled ? (limit ?? 'on') : 'off'}`)
        .join(', ');
      await changeAlertRules(database, rules);
      return { rules: await readAlertRules(database) };
    },
  );

  app.post(
    '/alerts/test',
    {
      config: acts('operator', 'test alert'),
      schema: {
        tags: ['operation'],
        summary: 'Send a message that is marked as a test to the webhook',
        response: { 200: alertTest },
      },
    },
    async () => testAlert({ webhook, dashboard: dashboardUrl }),
  );
}
