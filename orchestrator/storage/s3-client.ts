import {
  GetObjectCommand,
  S3Client,
  S3ServiceException,
  type GetObjectCommandOutput,
  type S3ClientConfig,
} from '@aws-sdk/client-s3';
import { silenceAwsClient, type StorageEnvironment } from '../config/environment.js';

const CONNECT_TIMEOUT_MS = 5_000;
/** No byte for this long ends a request; a slow but living transfer goes on. */
const SOCKET_TIMEOUT_MS = 60_000;
const MAX_ATTEMPTS = 4;
/** The client repeats a request that fails, but not one whose answer breaks off half-way. */
const BODY_ATTEMPTS = 3;

/**
 * The one way an S3 client is made. With `S3_ENDPOINT` (MinIO, Ceph, versitygw …) buckets stand in the path, and
 * checksums are sent only where S3 demands them, because such servers do not all know the newer ones.
 */
export function createS3Client(environment: StorageEnvironment): S3Client {
  silenceAwsClient();
  const { S3_ENDPOINT, AWS_REGION } = environment;
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
    ...keysOf(environment),
    ...ownEndpoint,
  });
}

/** None given: the client looks where AWS's own tools do (profile, web identity, the machine's role). */
function keysOf(environment: StorageEnvironment): Pick<S3ClientConfig, 'credentials'> {
  const {
    AWS_ACCESS_KEY_ID: accessKeyId,
    AWS_SECRET_ACCESS_KEY: secretAccessKey,
    AWS_SESSION_TOKEN: sessionToken,
  } = environment;
  if (accessKeyId === undefined || secretAccessKey === undefined) return {};
  return {
    credentials: { accessKeyId, secretAccessKey, ...(sessionToken === undefined ? {} : { sessionToken }) },
  };
}

/**
 * All bytes of an object.
 * @param maxBytes a larger object is not read
 */
export async function readObject(
  client: S3Client,
  target: { readonly Bucket: string; readonly Key: string },
  maxBytes = Number.POSITIVE_INFINITY,
): Promise<Uint8Array | 'missing' | 'too large'> {
  for (let attempt = 1; ; attempt++) {
    const answer = await found(client, target);
    if (answer === undefined) return 'missing';
    if ((answer.ContentLength ?? 0) > maxBytes) {
      // Left unread, the body would hold its connection.
      await answer.Body?.transformToWebStream().cancel();
      return 'too large';
    }
    try {
      return (await answer.Body?.transformToByteArray()) ?? new Uint8Array();
    } catch (brokenOff) {
      if (attempt === BODY_ATTEMPTS) throw brokenOff;
    }
  }
}

async function found(
  client: S3Client,
  target: { readonly Bucket: string; readonly Key: string },
): Promise<GetObjectCommandOutput | undefined> {
  try {
    return await client.send(new GetObjectCommand(target));
  } catch (error) {
    if (isNoSuchKey(error)) return undefined;
    throw error;
  }
}

/** No object under this key. A missing bucket is not meant: that is a fault of the set-up. */
function isNoSuchKey(error: unknown): boolean {
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
