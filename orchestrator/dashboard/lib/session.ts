import { createContext, useContext } from 'react';
import type { Role, Session } from './answers.js';

/** The reader's session; pages are shown only inside one. */
export const SessionContext = createContext<Session | null>(null);

const RANK: Readonly<Record<Role, number>> = { viewer: 0, operator: 1, admin: 2 };

export function useSession(): Session {
  const session = useContext(SessionContext);
  if (session === null) throw new Error('a page was shown outside a session');
  return session;
}

export function useCan(needs: Role): boolean {
  return RANK[useSession().role] >= RANK[needs];
}
