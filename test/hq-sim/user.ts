/** Someone with a phone, of one domain. */
export interface MobileWorker {
  readonly userId: string;
  readonly username: string;
  /** Null = the worker has no location. */
  readonly locationId: string | null;
  /** Default: derived by HQ's submission; give it to find the usercase again. */
  readonly caseId: string;
  readonly formId?: string;
  readonly data?: Readonly<Record<string, string>>;
}

/** Someone who works in the browser, in any number of domains. */
export interface WebUser {
  readonly userId: string;
  readonly username: string;
  /** Her place in each of her domains; null = none. */
  readonly places: Readonly<Record<string, string | null>>;
}
