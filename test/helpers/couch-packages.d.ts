// What the tests use of packages that bring no types of their own.

declare module 'pouchdb-core' {
  interface PouchDB {
    plugin(plugin: unknown): PouchDB;
    defaults(options: { readonly adapter: string; readonly prefix?: string }): PouchDB;
  }
  const PouchDB: PouchDB;
  export default PouchDB;
}

declare module 'pouchdb-adapter-memory' {
  const plugin: unknown;
  export default plugin;
}

declare module 'pouchdb-mapreduce' {
  const plugin: unknown;
  export default plugin;
}

declare module 'express-pouchdb' {
  import type { RequestListener } from 'node:http';
  export default function expressPouchDB(
    pouch: unknown,
    options: { readonly mode: string; readonly inMemoryConfig: boolean; readonly logPath: string },
  ): RequestListener;
}

declare module 'express' {
  import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
  type Handler = (request: IncomingMessage, response: ServerResponse, next: () => void) => void;
  export default function express(): RequestListener & {
    use(handler: Handler | RequestListener): void;
  };
}
