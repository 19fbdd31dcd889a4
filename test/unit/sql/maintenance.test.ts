import assert from 'node:assert/strict';
import { test } from 'node:test';
import { renderOptimize, renderVacuum } from '../../../orchestrator/sql/maintenance.js';

const RULE = { maxFileBytes: 268_435_456, minFileBytes: 67_108_864, deletedShare: 0.1 };

function statement(script: string): string {
  return script.split('\n;\n').find((each) => /^(--.*\n)*(OPTIMIZE|VACUUM) /.test(each)) ?? '';
}

test('OPTIMIZE names the partitions that are due and no others', () => {
  const partitions = [{ month: '2026-01-01' }, { month: null }, { month: '2026-02-01', location_level: '3' }];
  const script = renderOptimize({ maintenanceId: 7n, url: 'file:///lake/t', partitions, ...RULE });
  assert.equal(
    statement(script),
    `OPTIMIZE delta.\`file:///lake/t\`
WHERE (CAST(\`month\` AS STRING) = '2026-01-01')
  OR (\`month\` IS NULL)
  OR (CAST(\`month\` AS STRING) = '2026-02-01' AND CAST(\`location_level\` AS STRING) = '3')`,
  );
  assert.match(script, /^SET spark\.databricks\.delta\.commitInfo\.userMetadata=\{"maintenance":"7"\}$/m);
  assert.match(script, /^SET spark\.databricks\.delta\.optimize\.maxDeletedRowsRatio=0\.1$/m);
});

test('a table without partitions is compacted whole', () => {
  const script = renderOptimize({ maintenanceId: 7n, url: 'file:///lake/t', partitions: [{}], ...RULE });
  assert.equal(statement(script), 'OPTIMIZE delta.`file:///lake/t`');
});

test('hostile paths and values stay what they are', () => {
  const partitions = [{ 'a`b': "x' OR 1=1 --\n;\n" }];
  const script = renderOptimize({ maintenanceId: 7n, url: 'file:///l`; DROP', partitions, ...RULE });
  assert.match(script, /^OPTIMIZE delta\.`file:\/\/\/l``; DROP`$/m);
  assert.match(script, /`a``b` AS STRING\) = 'x\\' OR 1=1 --\\u000a;\\u000a'\)$/m);
});

test('VACUUM keeps whole hours, never less than it was told', () => {
  const script = renderVacuum({ maintenanceId: 8n, url: 's3a://b/t', keepHours: 168.2 });
  assert.equal(statement(script), 'VACUUM delta.`s3a://b/t` RETAIN 169 HOURS');
});
