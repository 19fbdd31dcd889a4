import { startProcess, type Ended, type Orchestrator } from '../../helpers/orchestrator.js';
import { EXIT } from '../../../orchestrator/errors.js';

/** One orchestrator under the manager's eyes. */
export interface Member {
  readonly name: string;
  process: Orchestrator;
  /** It is to end, or to be killed: its end is no news. */
  ending: boolean;
  readonly env: Readonly<Record<string, string>>;
}

/**
 * What systemd is to an operator: keeps orchestrators running, starts one again that found a service away at its start
 * (exit code 4), and calls every other end that nobody asked for a fault.
 */
export class ServiceManager {
  readonly #env: Readonly<Record<string, string>>;
  readonly #logs: { readonly name: string; readonly process: Orchestrator }[] = [];
  readonly #members = new Set<Member>();
  readonly #faults: string[] = [];

  /** @param env of every orchestrator */
  constructor(env: Readonly<Record<string, string>>) {
    this.#env = env;
  }

  /** Ends that nobody asked for, each a line; none in a run that is right. */
  get faults(): readonly string[] {
    return this.#faults;
  }

  get members(): readonly Member[] {
    return [...this.#members];
  }

  /** What each process said, in the order they were started. */
  logs(): { readonly name: string; readonly text: string }[] {
    return this.#logs.map(({ name, process }) => ({ name, text: process.stderr() }));
  }

  /** Every pid there ever was. */
  pids(): number[] {
    return this.#logs.map(({ process }) => process.pid);
  }

  /** @param env may name a crash point, at which it is expected to die; beside that of every one, for this one as long as it is started again */
  start(env: Readonly<Record<string, string>> = {}): Member {
    const name = `orchestrator-${this.#logs.length + 1}`;
    const member: Member = {
      name,
      process: this.#spawn(name, env),
      ending: 'DIMAGI_LAKE_CRASH_AT' in env,
      env,
    };
    this.#members.add(member);
    this.#watch(member);
    return member;
  }

  /** kill -9. */
  async kill(member: Member): Promise<void> {
    await this.#end(member, 'SIGKILL');
  }

  /** Asks it to end, which it must with exit code 0. */
  async stop(member: Member): Promise<void> {
    const { code, signal, stderr } = await this.#end(member, 'SIGTERM');
    if (code === EXIT.ok || code === EXIT.unreachable) return;
    // One that is starting still has nothing in hand, and dies of the signal like any program.
    if (signal === 'SIGTERM' && !stderr.includes('"message":"up"')) return;
    this.#faults.push(`${member.name}, asked to end, ended with ${code ?? signal ?? ''}`);
  }

  async stopAll(): Promise<void> {
    await Promise.all(this.members.map((member) => this.stop(member)));
  }

  /** For the end of a run that failed. */
  async killAll(): Promise<void> {
    await Promise.all(this.members.map((member) => this.kill(member)));
  }

  async #end(member: Member, signal: NodeJS.Signals): Promise<Ended> {
    member.ending = true;
    // A stopped process hears nothing but SIGKILL.
    if (signal !== 'SIGKILL') member.process.kill('SIGCONT');
    member.process.kill(signal);
    const ended = await member.process.ended;
    this.#members.delete(member);
    return ended;
  }

  #spawn(name: string, env: Readonly<Record<string, string>>): Orchestrator {
    const words = ['up', '--only', 'poller,workers'];
    const process = startProcess(name, words, { ...this.#env, ...env });
    this.#logs.push({ name, process });
    return process;
  }

  #watch(member: Member): void {
    void member.process.ended.then(({ code, signal, stderr }) => {
      if (member.ending) {
        this.#members.delete(member);
        return;
      }
      if (code === EXIT.unreachable) {
        member.process = this.#spawn(member.name, member.env);
        this.#watch(member);
        return;
      }
      this.#members.delete(member);
      this.#faults.push(`${member.name} ended by itself with ${code ?? signal ?? ''}: ${lastLine(stderr)}`);
    });
  }
}

function lastLine(text: string): string {
  return text.trimEnd().split('\n').at(-1)?.slice(0, 500) ?? '';
}
