import { PutObjectCommand } from '@aws-sdk/client-s3';
import type { StorageEnvironment } from '../../../orchestrator/config/environment.js';
import { createS3Client } from '../../../orchestrator/storage/s3-client.js';
import { startS3Server } from '../../helpers/s3-server.js';

export interface BucketServer {
  readonly environment: StorageEnvironment;
  put(bucket: string, key: string, content: Uint8Array): Promise<void>;
  stop(): Promise<void>;
}

/** A real S3 server with the buckets named, and the product's own client to fill them. */
export async function startBucketServer(buckets: readonly string[]): Promise<BucketServer> {
  const server = await startS3Server();
  for (const bucket of buckets) await server.createBucket(bucket);
  const environment = {
    S3_ENDPOINT: server.endpoint,
    AWS_ACCESS_KEY_ID: server.accessKeyId,
    AWS_SECRET_ACCESS_KEY: server.secretAccessKey,
    AWS_REGION: server.region,
  };
  const client = createS3Client(environment);
  return {
    environment,
    async put(bucket, key, content) {
      await client.send(new PutObjectCommand({ Bucket: bucket, Key: key, Body: content }));
    },
    async stop() {
      client.destroy();
      await server.close();
    },
  };
}
