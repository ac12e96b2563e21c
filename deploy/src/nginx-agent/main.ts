import { messageOf } from '../errors.js';
import { loadAgentConfig } from './agent-config.js';
import { NginxAgent } from './agent.js';

const report = (line: string): void => void process.stdout.write(`${new Date().toISOString()} ${line}\n`);

try {
  const agent = new NginxAgent(loadAgentConfig(process.env), report);
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => void agent.stop());
  await agent.run();
} catch (error) {
  report(messageOf(error));
  process.exitCode = 1;
}
