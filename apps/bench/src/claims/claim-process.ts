import { createRandom, noDataFiles, UnsupportedError } from '@espalier/core';
import { type ClaimResult, measureClaim } from '@espalier/testkit';
import { dataFolder } from '../data-folder.js';
import { dieWithParent } from '../die-with-parent.js';
import { loadClaims, loadInstalled } from '../installed.js';

/** What a claim's process is told. */
export interface ClaimOrder {
  readonly plugin: string;
  readonly claim: string;
  readonly seed: number;
  readonly runtime: string;
  readonly folders: readonly string[];
  readonly dataFolder?: string;
}

/** What it tells. */
export type ClaimMessage =
  | { readonly type: 'progress'; readonly message: string }
  | { readonly type: 'finished'; readonly result: ClaimResult };

dieWithParent();
process.once('message', (order: ClaimOrder) => {
  measure(order)
    .catch((thrown) => {
      console.error(thrown);
      process.exitCode = 1;
    })
    .finally(() => process.disconnect());
});

async function measure(order: ClaimOrder): Promise<void> {
  const { registry } = await loadInstalled(order.folders);
  const plugin = registry.plugins().find(({ name }) => name === order.plugin);
  const claim = plugin && (await loadClaims(plugin)).find(({ name }) => name === order.claim);
  if (!claim)
    throw new UnsupportedError(`There is no claim '${order.claim}' of ${order.plugin} in this process.`);
  if (claim.tier === 'gpu') await registry.activateRuntime(order.runtime);
  const result = await measureClaim(claim, {
    seed: order.seed,
    data: order.dataFolder ? dataFolder(order.dataFolder) : noDataFiles,
    services: { ...registry.services(), random: createRandom },
    onProgress: (message) => void send({ type: 'progress', message }),
  });
  await send({ type: 'finished', result });
}

function send(message: ClaimMessage): Promise<void> {
  return new Promise((resolve, reject) => {
    process.send!(message, (error: Error | null) => (error ? reject(error) : resolve()));
  });
}
