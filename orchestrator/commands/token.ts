import { InvalidArgumentError, type Command } from 'commander';
import { userInfo } from 'node:os';
import { newTokenSecret, sha256 } from '../api/access/secrets.js';
import { ROLES, tokenName, type Role } from '../api/schemas/operate.js';
import { LakeError } from '../errors.js';
import { addToken, listTokens, revokeToken, type TokenFacts } from '../ledger/api-tokens.js';
import { noteAction } from '../ledger/audit-log.js';
import type { Queryable } from '../ledger/database.js';
import { withExamples } from './help.js';
import { printJson, printLine, printTable } from './terminal/print.js';
import { withLedger } from './with-ledger.js';

const MOST_SHOWN = 1_000;

export function registerToken(program: Command): void {
  const token = program.command('token').description('tokens of the API and the dashboard: who may do what');
  withExamples(
    token
      .command('create')
      .argument('<name>', 'of the person or program it is for; names are used once')
      .description('make a token and print it; it is kept hashed, so this is the only time')
      .requiredOption(
        '--role <role>',
        `what it may: ${ROLES.join(', ')}, each all of those before it`,
        roleOf,
      )
      .option('--days <n>', 'how long it lasts; left out: until it is revoked', daysOf)
      .option('--json', 'print the result as JSON')
      .action(create),
    {
      'dimagi-lake token create asha --role operator --days 365':
        'prints dl_…; log in with it at the dashboard',
      'dimagi-lake token create prometheus --role viewer': 'for GET /metrics',
    },
  );
  withExamples(
    token
      .command('list')
      .description('all tokens, those that live first, with when they were last used')
      .option('--json', 'print the result as JSON')
      .action(list),
    { 'dimagi-lake token list': 'names, roles and dates; never what a token is' },
  );
  withExamples(
    token
      .command('revoke')
      .argument('<name>', 'as `token list` prints it')
      .description('end a token, and with it every session of it, now')
      .action(revoke),
    { 'dimagi-lake token revoke asha': 'when somebody leaves, or a token was seen by others' },
  );
}

async function create(name: string, flags: { role: Role; days?: number; json?: boolean }): Promise<void> {
  if (!tokenName.safeParse(name).success) {
    throw new LakeError('USAGE', `"${name}" can't be a token's name`, {
      mend: 'Letters, digits and . _ @ - are, 63 at most, a letter or digit first.',
    });
  }
  const secret = newTokenSecret();
  const { role, days } = flags;
  const made = await withLedger(async (database) => {
    const token = await addToken(database, { name, role, days, sha256: sha256(secret), by: operator() });
    await note(database, 'make token', `${name} (${role})`, token === undefined ? 'failed CONFLICT' : 'done');
    return token;
  });
  if (made === undefined) {
    throw new LakeError('USAGE', `There is, or was, a token "${name}"`, {
      mend: 'Take another name: the audit log speaks of tokens by theirs.',
    });
  }
  if (flags.json) printJson({ ...made, secret });
  else printLine(secret);
}

async function list(flags: { json?: boolean }): Promise<void> {
  const tokens = await withLedger((database) => listTokens(database, MOST_SHOWN));
  if (flags.json) printJson({ tokens });
  else if (tokens.length === 0)
    printLine('No token yet: `dimagi-lake token create <name> --role admin` makes one.');
  else
    printTable(
      ['name', 'role', 'made', 'last used', 'state'],
      tokens.map((token) => [
        token.name,
        token.role,
        minute(token.createdAt),
        minute(token.lastUsedAt),
        stateOf(token),
      ]),
    );
}

async function revoke(name: string): Promise<void> {
  const revoked = await withLedger(async (database) => {
    const token = await revokeToken(database, name);
    await note(database, 'revoke token', name, token === undefined ? 'failed NOT_FOUND' : 'done');
    return token;
  });
  if (revoked === undefined) {
    throw new LakeError('USAGE', `No token "${name}" lives`, { mend: '`dimagi-lake token list` shows all.' });
  }
  printLine(`${name} is revoked; its sessions have ended.`);
}

/** Whoever may start this command has the ledger's password: an admin, by the name of the machine's login. */
async function note(database: Queryable, action: string, target: string, outcome: string): Promise<void> {
  await noteAction(database, {
    ...{ who: operator(), role: 'command line', action, target, outcome, reason: null, address: null },
  });
}

function operator(): string {
  return `command line (${userInfo().username})`;
}

function stateOf({ revokedAt, expiresAt }: TokenFacts): string {
  if (revokedAt !== null) return `revoked ${minute(revokedAt)}`;
  if (expiresAt === null) return 'lives';
  return Date.parse(expiresAt) > Date.now()
    ? `lives until ${minute(expiresAt)}`
    : `ended ${minute(expiresAt)}`;
}

function minute(moment: string | null): string {
  return moment === null ? '-' : moment.slice(0, 16).replace('T', ' ');
}

function roleOf(text: string): Role {
  const role = ROLES.find((each) => each === text);
  if (role === undefined) throw new InvalidArgumentError(`Roles are ${ROLES.join(', ')}.`);
  return role;
}

function daysOf(text: string): number {
  const days = Number(text);
  if (!Number.isInteger(days) || days < 1 || days > 3650)
    throw new InvalidArgumentError('It must be a whole number from 1 to 3650.');
  return days;
}
