import { S3Client, S3ServiceException } from '@aws-sdk/client-s3';
import type { StorageEnvironment } from '../config/environment.js';

const CONNECT_TIMEOUT_MS = 5_000;
/** No byte for this long ends a request; a slow but living transfer goes on. */
const SOCKET_TIMEOUT_MS = 60_000;
const MAX_ATTEMPTS = 4;

/**
 * The one way an S3 client is made. With `S3_ENDPOINT` (MinIO, Ceph, versitygw …) buckets stand in the path, and
 * checksums are sent only where S3 demands them, because such servers do not all know the newer ones.
 */
export function createS3Client(environment: StorageEnvironment): S3Client {
  const { S3_ENDPOINT, AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_REGION } = environment;
  const keys =
    AWS_ACCESS_KEY_ID !== undefined && AWS_SECRET_ACCESS_KEY !== undefined
      ? { credentials: { accessKeyId: AWS_ACCESS_KEY_ID, secretAccessKey: AWS_SECRET_ACCESS_KEY } }
      : {};
  const ownEndpoint =
    S3_ENDPOINT === undefined
      ? {}
      : {
          endpoint: S3_ENDPOINT,
          forcePathStyle: true,
          requestChecksumCalculation: 'WHEN_REQUIRED' as const,
          responseChecksumValidation: 'WHEN_REQUIRED' as const,
        };
  return new S3Client({
    region: AWS_REGION,
    maxAttempts: MAX_ATTEMPTS,
    requestHandler: { connectionTimeout: CONNECT_TIMEOUT_MS, socketTimeout: SOCKET_TIMEOUT_MS },
    ...keys,
    ...ownEndpoint,
  });
}

/** No object under this key. A missing bucket is not meant: that is a fault of the set-up. */
export function isNoSuchKey(error: unknown): boolean {
  return error instanceof S3ServiceException && (error.name === 'NoSuchKey' || error.name === 'NotFound');
}

/** The object stood already when `If-None-Match: *` was asked. */
export function isPreconditionFailed(error: unknown): error is S3ServiceException {
  return error instanceof S3ServiceException && error.$metadata.httpStatusCode === 412;
}

/** Two conditional writes met; S3 asks to try again (409 ConditionalRequestConflict). */
export function isConditionalConflict(error: unknown): boolean {
  return error instanceof S3ServiceException && error.$metadata.httpStatusCode === 409;
}
