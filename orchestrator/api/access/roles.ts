import { ROLES, type Role } from '../schemas/operate.js';

/** Each role may all that those before it may. */
export function mayActAs(role: Role, needed: Role): boolean {
  return ROLES.indexOf(role) >= ROLES.indexOf(needed);
}

/** What a route asks of its caller; every route says it. */
export interface Access {
  /** `anyone`: without a login. */
  readonly role: Role | 'anyone';
  /** Name of the act in the audit log; absent: it only reads. */
  readonly act?: string;
  /** It lets somebody in: limited strictly. */
  readonly isLogin?: true;
}

export function anyone(): { access: Access } {
  return { access: { role: 'anyone' } };
}

/** A route that only reads. */
export function reads(role: Role = 'viewer'): { access: Access } {
  return { access: { role } };
}

/** A route that changes something, or shows what is noted. */
export function acts(role: Role, act: string): { access: Access } {
  return { access: { role, act } };
}
