import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  PutObjectCommand,
  UploadPartCommand,
  type CompletedPart,
  type S3Client,
} from '@aws-sdk/client-s3';

/** S3 takes 10,000 parts of at least 5 MiB: this allows 156 GiB in one object and holds one part in memory. */
const PART_BYTES = 16 * 1024 * 1024;

interface Target {
  readonly Bucket: string;
  readonly Key: string;
}

/**
 * Streams chunks into one object, which appears only when all of it is there. A small one is a single put; a failed
 * upload is aborted, so no paid-for invisible parts stay behind.
 * @returns bytes written
 */
export async function uploadStream(
  client: S3Client,
  target: Target,
  chunks: AsyncIterable<Uint8Array>,
): Promise<number> {
  let upload: Multipart | undefined;
  let total = 0;
  try {
    for await (const { part, last } of partsOf(chunks)) {
      total += part.byteLength;
      if (last && upload === undefined) {
        await client.send(new PutObjectCommand({ ...target, Body: part }));
        return total;
      }
      upload ??= await Multipart.start(client, target);
      await upload.add(part);
    }
    await upload?.complete();
    return total;
  } catch (error) {
    // The first error is the one to tell; a failed abort only leaves parts for the bucket's lifecycle rule.
    await upload?.abort().catch(() => undefined);
    throw error;
  }
}

/** Chunks gathered into parts of PART_BYTES; exactly one part, the last, is marked so (it may be empty or short). */
async function* partsOf(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<{ part: Buffer; last: boolean }> {
  let gathered: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of chunks) {
    gathered.push(chunk);
    bytes += chunk.byteLength;
    while (bytes > PART_BYTES) {
      const all = Buffer.concat(gathered, bytes);
      yield { part: all.subarray(0, PART_BYTES), last: false };
      gathered = [all.subarray(PART_BYTES)];
      bytes -= PART_BYTES;
    }
  }
  yield { part: Buffer.concat(gathered, bytes), last: true };
}

class Multipart {
  readonly #client: S3Client;
  readonly #target: Target & { readonly UploadId: string | undefined };
  readonly #parts: CompletedPart[] = [];

  private constructor(client: S3Client, target: Target, uploadId: string | undefined) {
    this.#client = client;
    this.#target = { ...target, UploadId: uploadId };
  }

  static async start(client: S3Client, target: Target): Promise<Multipart> {
    const answer = await client.send(new CreateMultipartUploadCommand(target));
    return new Multipart(client, target, answer.UploadId);
  }

  async add(part: Uint8Array): Promise<void> {
    const number = this.#parts.length + 1;
    const answer = await this.#client.send(
      new UploadPartCommand({ ...this.#target, PartNumber: number, Body: part }),
    );
    this.#parts.push({ PartNumber: number, ETag: answer.ETag });
  }

  async complete(): Promise<void> {
    await this.#client.send(
      new CompleteMultipartUploadCommand({ ...this.#target, MultipartUpload: { Parts: this.#parts } }),
    );
  }

  async abort(): Promise<void> {
    await this.#client.send(new AbortMultipartUploadCommand(this.#target));
  }
}
