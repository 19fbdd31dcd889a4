/**
 * Where manifests, staging files, scripts and Delta logs stand: a local (or shared) folder or an S3 bucket, behind
 * one small interface. Paths are relative to the store's root, use `/`, and never start with it.
 */
export interface Storage {
  /** The root as Spark must be told it: `file:///…` or `s3a://bucket/prefix`, without a trailing slash. */
  readonly url: string;
  /** Writes the whole object; a reader sees either all of it or nothing. Replaces an older one. */
  write(path: string, content: Uint8Array | string): Promise<void>;
  /**
   * Streams chunks into one object; it becomes visible only when the stream has ended without error.
   * @returns bytes written
   */
  writeStream(path: string, chunks: AsyncIterable<Uint8Array>): Promise<number>;
  /** @returns false when the object stands already (it is then left as it is) */
  writeIfAbsent(path: string, content: Uint8Array | string): Promise<boolean>;
  /** @returns undefined when there is no such object */
  read(path: string): Promise<Uint8Array | undefined>;
  readStream(path: string): Promise<AsyncIterable<Uint8Array>>;
  /**
   * Objects directly in a folder, names only, in byte order; an absent folder is an empty one.
   * @param after only names behind this one; S3 starts there instead of turning every page of a long folder
   */
  list(folder: string, after?: string): Promise<readonly StoredObject[]>;
  /** Sub-folders directly in a folder, names only, in byte order. */
  listFolders(folder: string): Promise<readonly string[]>;
  /** Deletes a folder and all in it; an absent one is no error. */
  deleteFolder(folder: string): Promise<void>;
  /**
   * Deletes what writers that were killed have left directly in a folder: drafts (`.….tmp`) that nobody has touched for so
   * long. S3 has none: there an object is whole or not there.
   * @returns how many
   */
  deleteLeftovers(folder: string, olderThanMs: number): Promise<number>;
}

export interface StoredObject {
  readonly name: string;
  readonly bytes: number;
}
