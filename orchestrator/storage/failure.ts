import { LakeError } from '../errors.js';

/** Wraps what a store threw, once, naming the operation and the object's full address. */
export function storageFailed(operation: string, address: string, cause: unknown): LakeError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new LakeError('STORAGE_FAILED', `Could not ${operation} ${address}: ${reason}`, {
    facts: { operation, path: address },
    cause,
  });
}

/**
 * Paths are built by us from encoded names, so one that leaves the root is our own fault: it is refused as INTERNAL
 * (a retry could not mend it) before anything is touched.
 */
export function checkedPath(path: string): string {
  const segments = path.split('/');
  if (path === '' || path.includes('\0') || segments.some((segment) => ['', '.', '..'].includes(segment)))
    throw new LakeError('INTERNAL', `"${path}" is not a path inside the store`, { facts: { path } });
  return path;
}

/** As checkedPath, but the root itself (`''`) may be listed too. */
export function checkedFolder(folder: string): string {
  return folder === '' ? folder : checkedPath(folder);
}

/** Byte order (what S3 lists in), which differs from JavaScript's order beyond the basic plane. */
export function byBytes(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}
