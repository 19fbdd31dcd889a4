import type { Command } from 'commander';
import { testAlert } from '../alerts/run-alerts.js';
import { dashboardUrl } from '../config/dashboard-url.js';
import { readAlertEnvironment } from '../config/environment.js';
import { EXIT } from '../errors.js';
import { readAlertRules, readAlerts, type AlertRecord } from '../ledger/alerts.js';
import { withExamples } from './help.js';
import { paint } from './terminal/paint.js';
import { printJson, printLine, printTable } from './terminal/print.js';
import { withLedger } from './with-ledger.js';

export function registerAlerts(program: Command): void {
  const alerts = program.command('alerts').description('what needs a person, and who is told of it');
  withExamples(
    alerts
      .command('list', { isDefault: true })
      .description('alerts that stand, those that ended lately, and the rules')
      .option('--json', 'print the result as JSON')
      .action(async (flags: { json?: boolean }) => {
        await list(flags.json ?? false);
      }),
    { 'dimagi-lake alerts': 'what stands now, worst first told by the oldest' },
  );
  withExamples(
    alerts
      .command('test')
      .description('posts a message to ALERT_WEBHOOK_URL that is marked as a test')
      .option('--json', 'print the result as JSON')
      .action(async (flags: { json?: boolean }) => {
        await test(flags.json ?? false);
      }),
    { 'dimagi-lake alerts test': 'ends with 4 when the webhook did not take it' },
  );
}

async function list(json: boolean): Promise<void> {
  const webhook = readAlertEnvironment().ALERT_WEBHOOK_URL !== undefined;
  const { rules, open, recent } = await withLedger(async (database) => ({
    rules: await readAlertRules(database),
    ...(await readAlerts(database)),
  }));
  if (json) {
    printJson({ webhook, rules, open, recent });
    return;
  }
  if (open.length === 0) printLine('No alert stands.');
  for (const alert of open)
    printLine(paint('red', `${shortTime(alert.since)}  ${alert.text}${delivery(alert)}`));
  for (const alert of recent)
    printLine(
      `${shortTime(alert.since)}  over at ${shortTime(alert.endedAt)}: ${alert.text}${delivery(alert)}`,
    );
  printLine('');
  printTable(
    ['rule', 'state', 'limit'],
    rules.map(({ kind, enabled, limit }) => [kind, enabled ? 'on' : 'off', limit ?? '-']),
  );
  if (!webhook) printLine('Nobody is told: ALERT_WEBHOOK_URL is not set.');
}

function delivery({ deliveryError }: AlertRecord): string {
  return deliveryError === null ? '' : ` (not delivered: ${deliveryError})`;
}

function shortTime(moment: string | null): string {
  return (moment ?? '').slice(0, 19).replace('T', ' ');
}

async function test(json: boolean): Promise<void> {
  const environment = readAlertEnvironment();
  const result = await testAlert({
    webhook: environment.ALERT_WEBHOOK_URL,
    dashboard: dashboardUrl(environment),
  });
  if (json) printJson(result);
  else printLine(result.message);
  if (!result.delivered) process.exitCode = EXIT.unreachable;
}
