import { describe, expect, it } from 'vitest';
import { createRegistry, definePlugin, defineRuntime, selectRuntime } from '../src/index.js';

const runtime = (name: string, preference: number, available: boolean) => {
  const calls: string[] = [];
  return {
    calls,
    ...defineRuntime({
      name,
      summary: name,
      backend: name,
      preference,
      probe: async () =>
        available
          ? { available, device: { cores: 2 } }
          : { available, reason: `no ${name} device.`, remedy: `Install the ${name} driver.` },
      activate: async () => {
        calls.push(name);
      },
    }),
  };
};
const [cpu, webgpu, cuda] = [
  runtime('cpu', 0, true),
  runtime('webgpu', 10, true),
  runtime('cuda', 20, false),
];

describe('selectRuntime', () => {
  it('takes the available one of the highest preference and says why', async () => {
    const { runtime: chosen, why } = await selectRuntime('auto', [cpu, webgpu, cuda]);
    expect(chosen.name).toBe('webgpu');
    expect(why).toContain('cuda is not available: no cuda device. Install the cuda driver.');
  });

  it('takes one by name', async () => {
    expect((await selectRuntime('cpu', [cpu, webgpu, cuda])).runtime).toBe(cpu);
  });

  it('refuses one that is not available with reason and remedy', async () => {
    await expect(selectRuntime('cuda', [cpu, cuda])).rejects.toThrow(
      'cuda is not available: no cuda device. Install the cuda driver.',
    );
  });

  it('refuses an unknown name with what is installed, and an empty list with what to install', async () => {
    await expect(selectRuntime('cud', [cpu, cuda])).rejects.toThrow(
      "There is no runtime 'cud'. Installed: cuda, cpu.",
    );
    await expect(selectRuntime('auto', [])).rejects.toThrow('npm install @espalier/runtime-cpu');
  });
});

describe('a registry with runtimes', () => {
  it('activates the choice and provides it as a service', async () => {
    const registry = createRegistry().use(definePlugin({ name: 'r', algorithms: [], runtimes: [cpu, cuda] }));
    const { runtime: chosen } = await registry.activateRuntime();
    expect(cpu.calls).toEqual(['cpu']);
    expect(registry.services().runtime).toBe(chosen);
  });
});
