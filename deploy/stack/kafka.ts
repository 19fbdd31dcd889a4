import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { Kafka, logLevel } from 'kafkajs';
import { cachedFolder } from './cache.js';
import { HOST, type StackContext } from './context.js';
import { writePrivateFile } from './json-file.js';
import { propertiesText } from './properties-text.js';
import { copyJars, pinned, pomHash } from './maven.js';
import { ensureProcess, waitUntilReady } from './processes.js';
import { runTool } from './run-tool.js';

/** One Kafka node, broker and controller in one process (KRaft); its data is in D/kafka. */
export async function startKafka(context: StackContext): Promise<void> {
  const { layout, environment } = context;
  const jars = await kafkaJars(context);
  mkdirSync(layout.kafka, { recursive: true, mode: 0o700 });
  const config = join(layout.kafka, 'server.properties');
  const settings = brokerSettings(context);
  writePrivateFile(config, settings);
  const logging = join(layout.kafka, 'log4j2.properties');
  writePrivateFile(logging, LOGGING);
  const java = (mainClass: string, ...args: string[]): string[] => [
    '-Xms64m',
    '-Xmx384m',
    '-XX:TieredStopAtLevel=1',
    `-Dlog4j2.configurationFile=${logging}`,
    '-cp',
    join(jars, '*'),
    mainClass,
    ...args,
  ];
  if (!existsSync(join(layout.kafka, 'data', 'meta.properties'))) {
    // As one word: one id in 64 begins with a dash, and would be taken for an option.
    const clusterId = `--cluster-id=${context.state.kafkaClusterId}`;
    const format = ['format', clusterId, '-c', config, '--ignore-formatted'];
    await runTool('Kafka storage format', environment.java, java('kafka.tools.StorageTool', ...format));
  }
  const command = {
    program: environment.java,
    args: java('kafka.Kafka', config),
    inherited: environment.daemon,
    settings,
    cwd: layout.kafka,
  };
  await ensureProcess(layout, 'kafka', command, context.report);
  await waitUntilReady(layout, 'kafka', () => answers(context.ports.kafka));
}

function kafkaJars({ environment: { cacheFolder }, report }: StackContext): Promise<string> {
  const version = pinned('kafka.version');
  return cachedFolder(cacheFolder, `kafka-${version}-${pomHash()}`, report, (folder) =>
    copyJars({ profile: 'kafka', folder, cacheFolder, what: `Kafka ${version} (43 MB)` }, report),
  );
}

async function answers(port: number): Promise<boolean> {
  const kafka = new Kafka({
    brokers: [`${HOST}:${port}`],
    clientId: 'dimagi-lake-stack',
    logLevel: logLevel.NOTHING,
    connectionTimeout: 1000,
    retry: { retries: 0 },
  });
  const admin = kafka.admin();
  try {
    await admin.connect();
    return (await admin.describeCluster()).brokers.length === 1;
  } catch {
    return false;
  } finally {
    await admin.disconnect();
  }
}

const LOGGING = `rootLogger.level = info
rootLogger.appenderRef.stdout.ref = stdout
appender.stdout.type = Console
appender.stdout.name = stdout
appender.stdout.layout.type = PatternLayout
appender.stdout.layout.pattern = %d %-5p %m (%c{1})%n
`;

function brokerSettings({ layout, ports }: StackContext): string {
  const settings = {
    'process.roles': 'broker,controller',
    'node.id': 1,
    'controller.quorum.voters': `1@${HOST}:${ports.kafkaController}`,
    'controller.listener.names': 'CONTROLLER',
    listeners: `PLAINTEXT://${HOST}:${ports.kafka},CONTROLLER://${HOST}:${ports.kafkaController}`,
    'advertised.listeners': `PLAINTEXT://${HOST}:${ports.kafka}`,
    'listener.security.protocol.map': 'PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT',
    'inter.broker.listener.name': 'PLAINTEXT',
    'log.dirs': join(layout.kafka, 'data'),
    'num.partitions': 2,
    'auto.create.topics.enable': true,
    // One node can hold one replica.
    'offsets.topic.replication.factor': 1,
    'offsets.topic.num.partitions': 4,
    'transaction.state.log.replication.factor': 1,
    'transaction.state.log.min.isr': 1,
    'transaction.state.log.num.partitions': 4,
    'share.coordinator.state.topic.replication.factor': 1,
    'share.coordinator.state.topic.min.isr': 1,
    'share.coordinator.state.topic.num.partitions': 4,
    // Groups form at once instead of waiting three seconds for more members.
    'group.initial.rebalance.delay.ms': 0,
    // HQ keeps its change feed for a while; a demo that was left alone must find its messages again.
    'log.retention.hours': 24 * 30,
  };
  return propertiesText(settings);
}
