import { createHash } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { PACKAGE_ROOT } from '../../orchestrator/package-root.js';
import type { StackContext } from './context.js';
import { writePrivateFile } from './json-file.js';
import { metastoreAccess } from './metastore.js';
import { runTool } from './run-tool.js';

const TEMPLATES = join(PACKAGE_ROOT, 'hive');

/**
 * hive-site.xml and log4j2.properties in a jar that comes first on the drivers' class path: class-data sharing
 * refuses a class path with a folder that holds files. Readable by its owner only (it holds the metastore's
 * password), and left as it is while its content would be the same: an archive is tied to the jar's time.
 */
export async function writeConfJar(context: StackContext): Promise<string> {
  const { layout, environment } = context;
  mkdirSync(layout.emptyConf, { recursive: true });
  chmodSync(layout.conf, 0o700);
  const contents: Readonly<Record<string, string>> = {
    'hive-site.xml': hiveSite(context),
    'log4j2.properties': readFileSync(join(TEMPLATES, 'log4j2.properties'), 'utf8'),
  };
  const hash = createHash('sha256').update(JSON.stringify(contents)).digest('hex');
  const hashFile = join(layout.conf, 'conf.jar.sha256');
  if (existsSync(layout.confJar) && existsSync(hashFile) && readFileSync(hashFile, 'utf8') === hash) {
    return layout.confJar;
  }
  const scratch = join(layout.conf, 'scratch');
  rmSync(scratch, { recursive: true, force: true });
  mkdirSync(scratch);
  for (const [name, content] of Object.entries(contents)) writePrivateFile(join(scratch, name), content);
  const pack = ['-m', 'jdk.jartool/sun.tools.jar.Main', 'cf', '../conf.jar.tmp', ...Object.keys(contents)];
  await runTool('Packing conf.jar', environment.java, pack, { cwd: scratch });
  chmodSync(`${layout.confJar}.tmp`, 0o600);
  renameSync(`${layout.confJar}.tmp`, layout.confJar);
  writePrivateFile(hashFile, hash);
  rmSync(scratch, { recursive: true });
  return layout.confJar;
}

function hiveSite(context: StackContext): string {
  const access = metastoreAccess(context);
  const values: Readonly<Record<string, string>> = {
    METASTORE_JDBC_URL: `jdbc:postgresql://${access.host}:${access.port}/${access.database}`,
    METASTORE_USERNAME: access.username,
    METASTORE_PASSWORD: access.password,
    WAREHOUSE_DIR: pathToFileURL(join(context.layout.dir, 'warehouse')).href,
    SCRATCH_DIR: join(context.layout.spark, 'scratch'),
  };
  return readFileSync(join(TEMPLATES, 'hive-site.xml'), 'utf8').replaceAll(
    /\{\{([A-Z_]+)\}\}/g,
    (whole, name: string) => xmlText(values[name] ?? whole),
  );
}

function xmlText(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
}
