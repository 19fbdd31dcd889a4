import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { LedgerDatabase } from '../../ledger/database.js';
import type { Logger } from '../../logger.js';
import { ApiProblem } from '../problems.js';
import { noteAnswer, noteBegun } from './audit.js';
import { callerOf, requireOwnPage, type Caller } from './caller.js';
import { mayActAs, type Access } from './roles.js';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Who may call it; a route that does not say it is refused at start. */
    access?: Access;
  }
  interface FastifyRequest {
    caller: Caller | null;
    /** Entry of the audit log of an act that was begun. */
    auditId: bigint | null;
    /** What is acted on, where the path does not say it. */
    auditTarget: string | null;
    /** Code of the problem that is answered. */
    problemCode: string | null;
  }
}

const UNSAFE = new Set(['POST', 'PUT', 'PATCH', 'DELETE']);

/**
 * The door, the same for every route: who is it (401), from our own page (403), with the role (403); then, once the input was
 * found right, the act is noted, and with the answer what came of it.
 */
export function installGuard(app: FastifyInstance, database: LedgerDatabase, logger: Logger): void {
  app.decorateRequest('caller', null);
  app.decorateRequest('auditId', null);
  app.decorateRequest('auditTarget', null);
  app.decorateRequest('problemCode', null);

  app.addHook('onRequest', async (request) => {
    const access = accessOf(request);
    if (access === undefined) return;
    if (access.role === 'anyone') {
      if (UNSAFE.has(request.method)) requireOwnPage(request, undefined);
      return;
    }
    const caller = await callerOf(database, request);
    if (caller === undefined) {
      const isSent = request.headers.authorization !== undefined || request.headers.cookie !== undefined;
      throw new ApiProblem(
        'UNAUTHENTICATED',
        isSent ? 'The token or session is wrong, has ended or was revoked' : 'Nobody is logged in',
      );
    }
    request.caller = caller;
    if (UNSAFE.has(request.method)) requireOwnPage(request, caller);
    if (!mayActAs(caller.role, access.role)) {
      throw new ApiProblem(
        'FORBIDDEN',
        `This needs the role ${access.role}; "${caller.name}" is ${caller.role}`,
      );
    }
  });

  app.addHook('preValidation', (request, _reply, done) => {
    const isHeld = [request.params, request.query, request.body].some(holdsNul);
    done(isHeld ? new ApiProblem('BAD_REQUEST', 'A text of the request holds a NUL character') : undefined);
  });

  app.addHook('preHandler', async (request) => {
    const access = accessOf(request);
    if (access?.act !== undefined && access.isLogin !== true) await noteBegun(database, request, access);
  });

  app.addHook('onSend', async (request, reply) => {
    const access = accessOf(request);
    if (access?.act === undefined) return;
    await noteAnswer(database, request, reply, access).catch((thrown: unknown) => {
      // The act is done; that its outcome could not be noted must not make its answer an error.
      logger.error('the audit log could not be written', { action: access.act, reason: String(thrown) });
    });
  });
}

/** @throws ApiProblem when called on a route for anyone */
export function requireCaller(request: FastifyRequest): Caller {
  if (request.caller === null) throw new ApiProblem('UNAUTHENTICATED', 'Nobody is logged in');
  return request.caller;
}

function accessOf(request: FastifyRequest): Access | undefined {
  return request.routeOptions.config.access;
}

/** No text of ours has one, and Postgres can't hold it. */
function holdsNul(value: unknown): boolean {
  if (typeof value === 'string') return value.includes('\0');
  if (Array.isArray(value)) return value.some(holdsNul);
  if (typeof value !== 'object' || value === null) return false;
  return Object.entries(value).some(([key, each]) => key.includes('\0') || holdsNul(each));
}
