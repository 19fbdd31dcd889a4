import { userInfo } from 'node:os';

/** Who is logged in at this machine. */
export function caller(): string {
  try {
    return userInfo().username;
  } catch {
    return 'command line'; // a container without a user of that number
  }
}
