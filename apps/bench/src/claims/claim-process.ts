import { messageOf, noDataFiles, UnsupportedError } from '@espalier/core';
import { measureClaim } from '@espalier/testkit';
import { dataFolder } from '../data-folder.js';
import { finiteOnly } from '../finite-only.js';
import { guardProcess } from '../guard-process.js';
import { loadClaims, loadInstalled, usesTensors } from '../installed.js';
import type { ClaimMessage, ClaimOrder } from './messages.js';

process.once('message', (order: ClaimOrder) => {
  guardProcess();
  measure(order)
    .catch((thrown) => send({ type: 'finished', result: notMeasured(messageOf(thrown)) }))
    .finally(() => process.exit()); // whatever the plugin still has open
});

/** Loads the plugin, with a runtime where its algorithms need one, then measures the claim. */
async function measure(order: ClaimOrder): Promise<void> {
  const { registry } = await loadInstalled(order.folders, order.packages);
  registry.provide('cacheFolder', order.cacheFolder);
  const plugin = registry.plugins().find(({ name }) => name === order.plugin);
  const claim = plugin && (await loadClaims(plugin)).claims.find(({ name }) => name === order.claim);
  if (!claim)
    throw new UnsupportedError(`There is no claim '${order.claim}' of ${order.plugin} in this process.`);
  if (claim.tier === 'gpu' || plugin.algorithms.some(usesTensors))
    await registry.activateRuntime(order.runtime);
  const { claim: _, ...result } = await measureClaim(claim, {
    seed: order.seed,
    data: order.dataFolder ? dataFolder(order.dataFolder) : noDataFiles,
    services: registry.services(),
    onProgress: (message) => void send({ type: 'progress', message }).catch(() => {}),
  });
  await send({ type: 'finished', result: { ...result, measurements: finiteOnly(result.measurements) } });
}

function notMeasured(reason: string) {
  return { ourFigure: '', measurements: {}, verdict: 'not measured' as const, reason };
}

function send(message: ClaimMessage): Promise<void> {
  return new Promise((resolve, reject) => {
    process.send!(message, (error: Error | null) => (error ? reject(error) : resolve()));
  });
}
