import type { StorageEnvironment } from '../config/environment.js';
import { LakeError } from '../errors.js';
import { FileStorage } from './file-storage.js';
import { S3Storage } from './s3-storage.js';
import type { Storage } from './storage.js';

/**
 * The store a URL names: `file:///folder` or `s3a://bucket/prefix`. Nothing is touched yet.
 * @throws LakeError CONFIG_INVALID for any other scheme
 */
export function openStorage(url: string, environment: StorageEnvironment): Storage {
  if (url.startsWith('file:///')) return new FileStorage(url);
  if (/^s3a?:\/\/[^/]/.test(url)) return new S3Storage(url, environment);
  throw new LakeError('CONFIG_INVALID', `"${url}" is neither file:///folder nor s3a://bucket/prefix`);
}
