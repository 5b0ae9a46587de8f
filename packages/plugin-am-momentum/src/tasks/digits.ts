import { type DataFiles, type DataSet, InvalidDataError } from '@espalier/core';
import type { Samples } from '@espalier/models';
import type { ClassificationData } from './classification.js';

/** 1,797 handwritten digits of 8 x 8 pixels. */
export const DIGITS: DataSet = {
  path: 'digits/digits.csv',
  summary: '1,797 handwritten digits, 8 x 8',
  origin:
    'UCI Machine Learning Repository, "Optical Recognition of Handwritten Digits", CC BY 4.0; also in scikit-learn',
};

const PIXELS = 64;
const LARGEST = 16;
const TRAINING_LINES = 1437;

/**
 * Lines of 64 pixels (0 to 16) and the label, already shuffled: the first 1,437 train, the others test. Pixels are divided by 16.
 * @throws InvalidDataError when the file is absent or a line is something else
 */
export async function readDigits(data: DataFiles): Promise<ClassificationData> {
  const lines = new TextDecoder()
    .decode(await data.read(DIGITS.path))
    .trim()
    .split('\n');
  const rows = lines.map((line, i) => {
    const row = line.split(',').map(Number);
    const [pixels, label] = [row.slice(0, PIXELS), row[PIXELS]];
    const valid =
      row.length === PIXELS + 1 &&
      pixels.every((pixel) => pixel >= 0 && pixel <= LARGEST) &&
      Number.isInteger(label) &&
      label >= 0 &&
      label <= 9;
    if (!valid)
      throw new InvalidDataError(`Line ${i + 1} of ${DIGITS.path} is not 64 pixels of 0 to 16 and a digit.`);
    return { pixels, label };
  });
  if (rows.length <= TRAINING_LINES)
    throw new InvalidDataError(
      `${DIGITS.path} has ${rows.length} lines; more than ${TRAINING_LINES} are needed.`,
    );
  return {
    train: samplesOf(rows.slice(0, TRAINING_LINES)),
    test: samplesOf(rows.slice(TRAINING_LINES)),
    classes: 10,
  };
}

function samplesOf(rows: readonly { readonly pixels: readonly number[]; readonly label: number }[]): Samples {
  return {
    count: rows.length,
    inputs: Float32Array.from(rows.flatMap(({ pixels }) => pixels.map((pixel) => pixel / LARGEST))),
    inputShape: [PIXELS],
    targets: Int32Array.from(rows, ({ label }) => label),
    targetShape: [],
  };
}
