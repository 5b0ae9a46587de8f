import type { OptionsSchema, QuantizeRequest, QuantizerAlgorithm } from '@espalier/core';
import { declarationChecks } from '../algorithm-checks.js';
import { assert, type Check, withKnownFailures } from '../check.js';
import {
  type Compression,
  type CompressionFixture,
  compressionChecks,
  forEachRequest,
} from './compression-checks.js';
import { matricesOf } from './tensors.js';

/** What the author of a quantizer supplies. */
export type QuantizerFixture = CompressionFixture<QuantizeRequest>;

/** The rules that every quantizer keeps. A tfjs backend must be registered. */
export function* quantizerChecks(
  algorithm: QuantizerAlgorithm<string, OptionsSchema>,
  fixture: QuantizerFixture,
): Generator<Check> {
  yield* withKnownFailures(allChecks(algorithm, fixture), algorithm.knownFailures);
}

function* allChecks(
  algorithm: QuantizerAlgorithm<string, OptionsSchema>,
  fixture: QuantizerFixture,
): Generator<Check> {
  const compression: Compression<QuantizeRequest> = {
    algorithm,
    fixture,
    compress: (model, request, run, options) =>
      algorithm.create(options ?? {}).quantize(model, request, { seed: 1, ...run }),
  };
  yield* declarationChecks(algorithm);
  yield* compressionChecks(compression);
  yield {
    name: 'comes closer to the weights with more bits',
    async run() {
      const errors: { readonly name: string; readonly bits: number; readonly error: number }[] = [];
      await forEachRequest(compression, async ({ model }, original, { bits }, name) => {
        const [before, after] = [await matricesOf(original), await matricesOf(model)];
        let error = 0;
        for (const [layer, values] of before)
          error += values.reduce((a, value, i) => a + (value - after.get(layer)![i]!) ** 2, 0);
        errors.push({ name, bits, error });
      });
      errors.sort((a, b) => a.bits - b.bits);
      errors.forEach((wide, i) => {
        const worse = errors
          .slice(0, i)
          .find(({ bits, error }) => bits < wide.bits && !(error >= wide.error));
        assert(
          worse === undefined,
          `'${wide.name}' (${wide.bits} bits) has the squared error ${wide.error}, '${worse?.name}' (${worse?.bits} bits) has ${worse?.error}.`,
        );
      });
    },
  };
}
