/**
 * The architecture as rules. Each comment is the mend: what to do when `npm run lint` shows the rule's name.
 * A rule that stands in the way of good code is changed here, with its comment, in the same commit.
 */

/**
 * The stages of a change's way, in order: each may import from those before it, never from those after it. (A record is
 * transformed before its shape is taken; shape/ stands first because the names of columns are its.)
 */
const STAGES = ['kafka', 'plan', 'extract', 'shape', 'transform', 'stage', 'sql', 'submit', 'commit'];

const KERNEL =
  '^orchestrator/(errors|logger|types|package-root|crash-point|short-hash)\\.ts$|^orchestrator/config/';
/** What reaches out of the process. `node:crypto`, `node:zlib`, `node:path` and their like only compute. */
const IO_BUILTINS =
  '^(node:)?(fs|fs/promises|net|tls|http|https|http2|dns|dgram|child_process|cluster|worker_threads|readline)$';
const IO_PACKAGES = '(^|/)node_modules/(pg|kafkajs|bullmq|ioredis|axios|@aws-sdk|@smithy|winston)/';

const stageOrder = STAGES.slice(0, -1).map((stage, at) => {
  const later = STAGES.slice(at + 1);
  return {
    name: `${stage}-knows-no-later-stage`,
    comment:
      `Stages run ${STAGES.join(' → ')}; ${stage}/ came before what it imports. Pass the value in from pipeline/, ` +
      'or move what both need to the left. (shape/fixed-columns.ts is the vocabulary of columns and open to all.)',
    severity: 'error',
    from: { path: `^orchestrator/${stage}/` },
    to: { path: `^orchestrator/(${later.join('|')})/`, pathNot: '^orchestrator/shape/fixed-columns\\.ts$' },
  };
});

/** A package only some folders may know, so that its replacement touches those folders only. */
function fence(name, modules, folders, mend) {
  return {
    name,
    comment: `Only ${folders.join(', ')} may use it. ${mend}`,
    severity: 'error',
    from: { path: '^(orchestrator|deploy)/', pathNot: folders.map((folder) => `^${folder}`) },
    to: { path: `(^|/)node_modules/(${modules})/` },
  };
}

export default {
  forbidden: [
    {
      name: 'no-cycles',
      comment:
        'Two files that need each other are one subject or three: move what both need into a file of its own.',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'no-orphans',
      comment: 'Nothing imports this file and it imports nothing: delete it, or wire it in.',
      severity: 'error',
      from: {
        orphan: true,
        pathNot:
          '(\\.test|\\.d|vite\\.config)\\.ts$|\\.mjs$|^deploy/lake\\.example\\.|^orchestrator/dashboard/public/',
      },
      to: {},
    },
    {
      name: 'resolvable',
      comment: 'The import leads nowhere: mend the path, or add the package to package.json.',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true, pathNot: '(^|/)dist/' },
    },
    {
      name: 'packages-are-declared',
      comment:
        'A package of another package may vanish: add it to dependencies (or devDependencies for test/).',
      severity: 'error',
      // The dashboard's packages are in its bundle when the product is built.
      from: { path: '^(orchestrator|deploy)/', pathNot: '^orchestrator/dashboard/' },
      // A type-only import is gone after the build, so a development package will do for it.
      to: { dependencyTypes: ['npm-no-pkg', 'npm-unknown', 'npm-dev'], dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'kernel-imports-only-kernel',
      comment:
        'Errors, logger, types, package-root, crash-point and config know nothing of ours: pass the value in. (The ' +
        'vocabulary of columns in shape/ is open to all.)',
      severity: 'error',
      from: { path: KERNEL },
      to: {
        path: '^(orchestrator|deploy|test)/',
        pathNot: [KERNEL, '^orchestrator/shape/(fixed-columns|fold-case)\\.ts$'],
      },
    },
    {
      name: 'pure-stages-import-only-pure',
      comment: 'plan/, shape/ and sql/ decide, they do not act: take what you need as an argument.',
      severity: 'error',
      from: { path: '^orchestrator/(plan|shape|sql)/' },
      to: {
        path: '^orchestrator/',
        pathNot: [
          KERNEL,
          '^orchestrator/(plan|shape|sql)/',
          '^orchestrator/(storage/storage|aggregation/model)\\.ts$',
        ],
      },
    },
    {
      name: 'storage-in-plan-is-a-type',
      comment:
        'Only plan/id-manifest.ts writes, through a Storage it is handed: `import type`, and only there.',
      severity: 'error',
      from: { path: '^orchestrator/(plan|shape|sql)/', pathNot: '^orchestrator/plan/id-manifest\\.ts$' },
      to: { path: '^orchestrator/storage/' },
    },
    {
      name: 'pure-stages-do-no-io',
      comment:
        'Only sql/template.ts reads files (the templates). Do the I/O in pipeline/ and pass the result in.',
      severity: 'error',
      from: { path: '^orchestrator/(plan|shape|sql)/', pathNot: '^orchestrator/sql/template\\.ts$' },
      to: { path: [IO_BUILTINS, IO_PACKAGES] },
    },
    ...stageOrder,
    {
      name: 'ledger-is-for-pipeline-and-commit',
      comment:
        'A stage gets its facts from pipeline/ and gives its result back; only pipeline/ and commit/ use the ledger.',
      severity: 'error',
      from: { path: `^orchestrator/(${STAGES.filter((stage) => stage !== 'commit').join('|')}|storage)/` },
      to: { path: '^orchestrator/ledger/' },
    },
    {
      name: 'ledger-and-storage-know-no-stage',
      comment:
        'ledger/ and storage/ lie under the stages: pass the value in, or move the shared noun to types.ts.',
      severity: 'error',
      from: { path: '^orchestrator/(ledger|storage)/' },
      to: { path: '^orchestrator/', pathNot: [KERNEL, '^orchestrator/(ledger|storage|postgres)/'] },
    },
    {
      name: 'stages-know-no-driver',
      comment:
        'Stages do not know who calls them: hand what you need down from pipeline/, queue/ or main.ts.',
      severity: 'error',
      from: { path: `^orchestrator/(${STAGES.join('|')}|ledger|storage)/` },
      to: {
        path: '^orchestrator/(pipeline|queue|commands)/|^orchestrator/(pipeline|main|cli)\\.ts$|^deploy/',
      },
    },
    {
      name: 'warehouse-knows-tables-only',
      comment:
        'warehouse/ lies under aggregation/: hand the value in. (What a model’s column is, and safe SQL text, it may know.)',
      severity: 'error',
      from: { path: '^orchestrator/warehouse/' },
      to: {
        path: '^(orchestrator|deploy|test)/',
        pathNot: [
          KERNEL,
          '^orchestrator/(warehouse|postgres)/',
          '^orchestrator/(aggregation/model|sql/text)\\.ts$',
        ],
      },
    },
    {
      name: 'postgres-is-under-our-databases',
      comment:
        'postgres/ is what ledger/ and warehouse/ have in common: add a function to one of them and call it.',
      severity: 'error',
      from: { path: '^(orchestrator|deploy)/', pathNot: '^orchestrator/(postgres|ledger|warehouse)/' },
      to: { path: '^orchestrator/postgres/' },
    },
    {
      name: 'postgres-knows-no-database',
      comment: 'Neither the one nor the other: take what differs as an argument.',
      severity: 'error',
      from: { path: '^orchestrator/postgres/' },
      to: { path: '^(orchestrator|deploy|test)/', pathNot: [KERNEL, '^orchestrator/postgres/'] },
    },
    {
      name: 'pipeline-knows-no-queue',
      comment: 'The pipeline is what a job does, not how it is queued: move the call to queue/.',
      severity: 'error',
      from: { path: '^orchestrator/pipeline(/|\\.ts$)' },
      to: { path: '^orchestrator/(queue|commands)/|^orchestrator/(main|cli)\\.ts$|^deploy/' },
    },
    {
      name: 'queue-calls-the-pipeline-only',
      comment:
        'A job calls pipeline.ts or reprocess/ (and looks into the ledger for what is due); no stage by itself. kafka/ is the poller’s.',
      severity: 'error',
      from: { path: '^orchestrator/queue/' },
      to: {
        path: `^orchestrator/(${STAGES.filter((stage) => stage !== 'kafka').join('|')}|commands)/|^deploy/`,
      },
    },
    {
      name: 'aggregation-is-above-the-stages',
      comment:
        'aggregation/ uses the stages; no stage, ledger/, storage/ or pipeline/ knows of it. Hand it rules as plain data.',
      severity: 'error',
      from: {
        path: `^orchestrator/(${STAGES.join('|')}|config|ledger|storage|pipeline)(/|\\.ts$)`,
      },
      to: { path: '^orchestrator/aggregation/' },
    },
    {
      name: 'reprocess-is-above-the-stages',
      comment:
        'reprocess/ lists records and plans pages of them, and uses extract/, plan/, ledger/ and the months of aggregation/; none of those knows of it.',
      severity: 'error',
      from: {
        path: `^orchestrator/(${STAGES.join('|')}|config|ledger|storage|pipeline|aggregation)(/|\\.ts$)`,
      },
      to: { path: '^orchestrator/reprocess/' },
    },
    {
      name: 'reprocess-knows-no-caller',
      comment:
        'Pollers, API and commands call reprocess/ and hand in what it needs. (The shapes of the API are types here: `import type`.)',
      severity: 'error',
      from: { path: '^orchestrator/reprocess/' },
      to: {
        path: '^orchestrator/(pipeline|queue|api|commands)(/|\\.ts$)|^orchestrator/(main|cli)\\.ts$|^deploy/',
        pathNot: '^orchestrator/api/schemas/',
      },
    },
    {
      name: 'reconcile-is-above-the-stages',
      comment:
        'reconcile/ compares by extract/, sql/, commit/, ledger/ and pipeline/, and repairs by reprocess/; none of those knows of it.',
      severity: 'error',
      from: {
        path: `^orchestrator/(${STAGES.join('|')}|config|ledger|storage|pipeline|aggregation|reprocess|queue)(/|\\.ts$)`,
      },
      to: { path: '^orchestrator/reconcile/' },
    },
    {
      name: 'reconcile-writes-nothing-of-the-lake',
      comment:
        'What is wrong is read from HQ again, in the topic’s one sequence: ask reprocess/ for it. Kafka and clients are handed in.',
      severity: 'error',
      from: { path: '^orchestrator/reconcile/' },
      to: {
        path: '^orchestrator/(stage|kafka|queue|api|commands|control-plane)(/|\\.ts$)|^orchestrator/(main|cli|pipeline)\\.ts$|^deploy/',
        dependencyTypesNot: ['type-only'],
      },
    },
    {
      name: 'maintenance-is-above-the-stages',
      comment:
        'maintenance/ uses commit/, sql/, pipeline/run-on-spark and the ledger; what it looks after knows nothing of it. ' +
        'What both need of the Delta log is commit/’s.',
      severity: 'error',
      from: {
        path: `^orchestrator/(${STAGES.join('|')}|config|ledger|storage|pipeline|aggregation|reprocess)(/|\\.ts$)`,
      },
      to: { path: '^orchestrator/maintenance/' },
    },
    {
      name: 'maintenance-knows-no-caller',
      comment:
        'control-plane/, API and commands call maintenance/ and hand in what it needs. (queue/repeat.ts is a loop, no queue.)',
      severity: 'error',
      from: { path: '^orchestrator/maintenance/' },
      to: {
        path: '^orchestrator/(queue|api|commands|control-plane|jobs)/|^orchestrator/(main|cli)\\.ts$|^deploy/',
        pathNot: '^orchestrator/queue/repeat\\.ts$',
      },
    },
    {
      name: 'models-are-read-and-rendered-only',
      comment:
        'aggregation/models/ reads the files of spark-jobs/models and makes SQL of them; what runs it stands beside it.',
      severity: 'error',
      from: { path: '^orchestrator/aggregation/models/' },
      to: {
        path: '^orchestrator/',
        pathNot: [
          KERNEL,
          '^orchestrator/(shape|sql)/',
          '^orchestrator/aggregation/(models/|model\\.ts$|months\\.ts$)',
        ],
      },
    },
    {
      name: 'jobs-are-above-the-work',
      comment:
        'jobs/ looks at work and stops it; nothing that does the work may know of it. Put the fact into the ledger, and read it from there.',
      severity: 'error',
      from: {
        path: `^orchestrator/(${STAGES.join('|')}|config|ledger|storage|pipeline|aggregation|warehouse|queue)(/|\\.ts$)`,
      },
      to: { path: '^orchestrator/jobs/' },
    },
    {
      name: 'parts-are-put-together-in-one-place',
      comment:
        'control-plane/ opens clients and starts parts: hand what you need down from there. (aggregation/open-context.ts takes the clients.)',
      severity: 'error',
      from: {
        path: `^orchestrator/(${STAGES.join('|')}|config|ledger|storage|pipeline|aggregation|warehouse|queue|jobs)(/|\\.ts$)`,
        pathNot: '^orchestrator/aggregation/open-context\\.ts$',
      },
      to: { path: '^orchestrator/control-plane/' },
    },
    {
      name: 'api-is-for-whoever-starts-it',
      comment:
        'Nothing below knows the API: hand the value up. Its shapes (schemas/) are open as types; commands make tokens and ' +
        'control-plane/ starts it.',
      severity: 'error',
      from: { path: '^(orchestrator|deploy)/', pathNot: '^orchestrator/(api|control-plane|commands)/' },
      to: { path: '^orchestrator/api/', pathNot: '^orchestrator/api/schemas/' },
    },
    {
      name: 'api-acts-through-others',
      comment:
        'A route asks ledger/, jobs/, reprocess/ or aggregation/ and shapes the answer: move what it does by itself there. Stages ' +
        'that write (plan, stage, commit’s runs) are not for it.',
      severity: 'error',
      from: { path: '^orchestrator/api/' },
      to: {
        path: '^orchestrator/(commands|control-plane|stage|transform|warehouse)/|^orchestrator/pipeline\\.ts$|^deploy/',
      },
    },
    {
      name: 'only-the-cli-imports-commands',
      comment:
        'A command is a leaf. Move what is shared out of commands/ (doctor/ may use the log store proof).',
      severity: 'error',
      from: { path: '^(orchestrator|deploy)/', pathNot: '^orchestrator/(cli\\.ts$|commands/)' },
      to: {
        path: '^orchestrator/commands/',
        pathNot: '^orchestrator/commands/(prove-log-store|race-process)\\.ts$',
      },
    },
    {
      name: 'deploy-uses-the-kernel',
      comment:
        'deploy/ starts services; of the product it knows the kernel, the session properties of drivers, the token for Spark and how clients of S3 and CouchDB are made.',
      severity: 'error',
      from: { path: '^deploy/' },
      to: {
        path: '^orchestrator/',
        pathNot: [
          KERNEL,
          '^orchestrator/submit/(session-properties|spark-token)\\.ts$',
          '^orchestrator/storage/s3-client\\.ts$',
          '^orchestrator/extract/users/couch-client\\.ts$',
          '^orchestrator/commands/prove-log-store\\.ts$',
        ],
      },
    },
    {
      name: 'dashboard-knows-the-types-of-the-api-only',
      comment:
        'The dashboard runs in a browser and speaks to the API by HTTP: `import type` from api/schemas/, and nothing else of ours.',
      severity: 'error',
      from: { path: '^orchestrator/dashboard/' },
      to: {
        path: '^(orchestrator|deploy|test)/',
        pathNot: ['^orchestrator/dashboard/', '^orchestrator/api/schemas/'],
      },
    },
    {
      name: 'dashboard-bundles-no-schema',
      comment: 'A schema that is imported as a value brings zod into the bundle: `import type`.',
      severity: 'error',
      from: { path: '^orchestrator/dashboard/' },
      to: { path: '^orchestrator/api/|(^|/)node_modules/zod/', dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'nothing-imports-the-dashboard',
      comment: 'The server hands out its built files. What a test wants of it is in lib/, pure.',
      severity: 'error',
      from: { path: '^(orchestrator|deploy|test)/', pathNot: '^orchestrator/dashboard/' },
      to: { path: '^orchestrator/dashboard/', pathNot: '^orchestrator/dashboard/lib/' },
    },
    {
      name: 'product-imports-no-test',
      comment:
        'test/ is not part of the product. The simulator is reached by commands/hq-sim.ts, when it is asked for.',
      severity: 'error',
      from: { path: '^(orchestrator|deploy)/', pathNot: '^orchestrator/commands/(hq-sim|demo)\\.ts$' },
      to: { path: '^test/' },
    },
    {
      name: 'simulator-only-when-asked',
      comment: 'Load test/ by a dynamic import() in the action, so that no other command pays for it.',
      severity: 'error',
      from: { path: '^orchestrator/commands/(hq-sim|demo)\\.ts$' },
      to: { path: '^test/', dependencyTypesNot: ['dynamic-import', 'type-only'] },
    },
    {
      name: 'judges-share-no-code-with-the-product',
      comment:
        'The simulator and the oracle judge the product: a fault they share with it would not be seen. Kernel only.',
      severity: 'error',
      from: { path: '^test/(hq-sim|oracle)/' },
      to: { path: '^orchestrator/', pathNot: KERNEL },
    },
    {
      name: 'fault-plans-are-pure',
      comment: 'A seed must give the same plan everywhere: what acts belongs into inject/ or run.ts.',
      severity: 'error',
      from: { path: '^test/faults/random/(plan|named-faults)\\.ts$' },
      to: {
        path: '.',
        pathNot: '^(test/faults/random/named-faults|test/helpers/seeded|orchestrator/crash-point)\\.ts$',
      },
    },
    {
      name: 'fault-injectors-know-no-run',
      comment:
        'An injector acts on the scene it is given (inject/injector.ts); when and in what order is run.ts’s.',
      severity: 'error',
      from: { path: '^test/faults/random/inject/' },
      to: { path: '^test/faults/random/(run|command|verdict|workload|report)\\.ts$' },
    },
    {
      name: 'baselines-share-no-code-with-the-product',
      comment:
        'What the product is measured against is written from its description, with none of our code and none of the measurements’: give it what it needs as arguments.',
      severity: 'error',
      from: { path: '^test/bench/baselines/' },
      to: { path: '^(orchestrator/(?!package-root)|test/bench/(?!baselines/))' },
    },
    {
      name: 'watchers-only-look',
      comment:
        'metrics/, health/ and alerts/ look at the lake and change nothing but alerts: a question goes into ledger/, a client is handed in.',
      severity: 'error',
      from: { path: '^orchestrator/(metrics|health|alerts)/' },
      to: {
        path: '^(orchestrator|deploy|test)/',
        pathNot: [
          KERNEL,
          '^orchestrator/(metrics|health|alerts|ledger|aggregation)/',
          '^orchestrator/(kafka/lag|queue/repeat|storage/storage)\\.ts$',
        ],
      },
    },
    {
      name: 'nobody-below-knows-watchers',
      comment: 'Only main.ts, the API and commands/ may ask them: what is watched does not know who watches.',
      severity: 'error',
      from: {
        path: `^orchestrator/(${STAGES.join('|')}|config|ledger|storage|pipeline|queue|aggregation|warehouse|jobs|reprocess|reconcile)(/|\\.ts$)`,
      },
      to: { path: '^orchestrator/(metrics|health|alerts)/' },
    },
    fence(
      'prom-client-fence',
      'prom-client',
      ['orchestrator/metrics/'],
      'A metric is a row of metrics/families.ts and a line that tells its number.',
    ),
    fence(
      'kafkajs-fence',
      'kafkajs',
      ['orchestrator/kafka/', 'deploy/', 'orchestrator/(pipeline/plan-next|queue/poller)\\.ts'],
      'Add a function to kafka/ and call it.',
    ),
    {
      name: 'kafkajs-beyond-the-fence-is-a-type',
      comment: 'pipeline/ and queue/ hand kafkajs clients on, they do not make them: `import type`.',
      severity: 'error',
      from: { path: '^orchestrator/(pipeline|queue)/' },
      to: { path: '(^|/)node_modules/kafkajs/', dependencyTypesNot: ['type-only'] },
    },
    fence('bullmq-fence', 'bullmq', ['orchestrator/queue/'], 'Jobs go through queue/enqueue.ts.'),
    fence(
      'redis-fence',
      'ioredis',
      ['orchestrator/queue/', 'deploy/'],
      'Redis holds the queue and nothing else.',
    ),
    fence(
      'pg-fence',
      'pg',
      [
        'orchestrator/ledger/',
        'orchestrator/extract/',
        'orchestrator/warehouse/',
        'orchestrator/postgres/',
        'deploy/',
      ],
      'Our own state: a function in ledger/. HQ’s: extract/. The dashboards’: warehouse/.',
    ),
    fence(
      'axios-fence',
      'axios',
      ['orchestrator/submit/', 'orchestrator/alerts/webhook\\.ts', 'deploy/'],
      'HTTP goes to Spark (submit/) and to the webhook of alerts only.',
    ),
    fence(
      'saxes-fence',
      'saxes',
      ['orchestrator/extract/'],
      'Only form XML is XML here: extract/form-json/.',
    ),
    fence(
      'typescript-fence',
      'typescript',
      ['orchestrator/transform/hook\\.ts'],
      'The compiler takes the types out of hooks, and is loaded only where a lake.yaml names one.',
    ),
    fence(
      'aws-fence',
      '@aws-sdk',
      ['orchestrator/storage/', 'orchestrator/extract/', 'deploy/doctor/'],
      'Ask for a Storage (storage/open-storage.ts); HQ’s blobs are read in extract/blobs.ts.',
    ),
    fence(
      'liquidjs-fence',
      'liquidjs',
      ['orchestrator/aggregation/models/fill-liquid\\.ts'],
      'It prints only what is safe in SQL: call fillLiquid.',
    ),
    fence(
      'fastify-fence',
      'fastify|@fastify|fastify-type-provider-zod',
      ['orchestrator/api/'],
      'HTTP comes in through api/: add a route there.',
    ),
    fence(
      'commander-fence',
      'commander',
      ['orchestrator/cli\\.ts', 'orchestrator/commands/'],
      'Flags are read in commands/.',
    ),
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'require', 'node', 'default', 'types'],
    },
  },
};
