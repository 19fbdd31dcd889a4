import { createHmac } from 'node:crypto';

const TOKEN_SECONDS = 300;

/** A short-lived HS256 token for Spark's JWSFilter. @param secret base64url, as the filter's `secretKey` */
export function sparkToken(secret: string, nowMs: number = Date.now()): string {
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  const claims = { sub: 'dimagi-lake', exp: Math.floor(nowMs / 1000) + TOKEN_SECONDS };
  const signed = `${part({ alg: 'HS256' })}.${part(claims)}`;
  const signature = createHmac('sha256', Buffer.from(secret, 'base64url')).update(signed).digest('base64url');
  return `${signed}.${signature}`;
}
