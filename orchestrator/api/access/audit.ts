import type { FastifyReply, FastifyRequest } from 'fastify';
import { noteAction, noteOutcome } from '../../ledger/audit-log.js';
import type { Queryable } from '../../ledger/database.js';
import type { Access } from './roles.js';

/** Longer targets and reasons are cut: the log is to be read by people. */
const LONGEST = 500;

/**
 * Notes an act before it is done; its outcome follows with the answer. So an act whose process died in the middle stands there
 * as begun.
 */
export async function noteBegun(database: Queryable, request: FastifyRequest, access: Access): Promise<void> {
  request.auditId = await noteAction(database, entryOf(request, access, 'begun'));
}

/** What came of it; of an act that was refused before it began this is the only entry. */
export async function noteAnswer(
  database: Queryable,
  request: FastifyRequest,
  reply: FastifyReply,
  access: Access,
): Promise<void> {
  const code = request.problemCode;
  if (request.auditId !== null) {
    const outcome = code === null ? 'done' : `failed ${code}`;
    await noteOutcome(database, request.auditId, outcome, cut(request.auditTarget));
  } else if (reply.statusCode >= 400 && code !== null && code !== 'RATE_LIMITED') {
    await noteAction(database, entryOf(request, access, `refused ${code}`));
  }
}

function entryOf(request: FastifyRequest, access: Access, outcome: string): Parameters<typeof noteAction>[1] {
  return {
    who: request.caller?.name ?? 'unknown',
    role: request.caller?.role ?? 'none',
    action: access.act ?? '',
    target: cut(request.auditTarget ?? targetOf(request)),
    reason: cut(reasonOf(request.body)),
    outcome,
    address: request.ip,
  };
}

/** Path parameters say what is acted on, else the body does; `request.auditTarget` says it in better words. */
function targetOf({ params, body }: FastifyRequest): string | null {
  const parts = Object.values((params ?? {}) as Record<string, unknown>).map(String);
  if (parts.length > 0) return parts.join('.');
  if (typeof body !== 'object' || body === null) return null;
  return JSON.stringify({ ...body, reason: undefined, token: undefined });
}

function reasonOf(body: unknown): string | null {
  if (typeof body !== 'object' || body === null || !('reason' in body)) return null;
  return typeof body.reason === 'string' ? body.reason : null;
}

/** Postgres holds no NUL, and lines are lines. */
function cut(text: string | null): string | null {
  if (text === null) return null;
  return text.replace(/[\u0000-\u001f\u007f]/g, ' ').slice(0, LONGEST);
}
