/** Kernels that depend on the scaled distance r of two points only. */
export type StationaryKind = 'rbf' | 'matern12' | 'matern32' | 'matern52';

interface Stationary {
  /** k as a function of r^2. */
  readonly fromSquaredDistance: (r2: number) => number;
  /** m(r^2) with d k / d log l_k = m(r^2) (difference_k / l_k)^2: the gradient of the likelihood needs no more. */
  readonly lengthScaleFactor: (r2: number) => number;
}

const SQRT3 = Math.sqrt(3);
const SQRT5 = Math.sqrt(5);

/** Rasmussen and Williams, Gaussian Processes for Machine Learning (2006), section 4.2.1. */
export const STATIONARY: Readonly<Record<StationaryKind, Stationary>> = {
  rbf: {
    fromSquaredDistance: (r2) => Math.exp(-0.5 * r2),
    lengthScaleFactor: (r2) => Math.exp(-0.5 * r2),
  },
  matern12: {
    fromSquaredDistance: (r2) => Math.exp(-Math.sqrt(r2)),
    // At r = 0 the factor is multiplied by 0.
    lengthScaleFactor: (r2) => (r2 > 0 ? Math.exp(-Math.sqrt(r2)) / Math.sqrt(r2) : 0),
  },
  matern32: {
    fromSquaredDistance(r2) {
      const a = SQRT3 * Math.sqrt(r2);
      return (1 + a) * Math.exp(-a);
    },
    lengthScaleFactor: (r2) => 3 * Math.exp(-SQRT3 * Math.sqrt(r2)),
  },
  matern52: {
    fromSquaredDistance(r2) {
      const a = SQRT5 * Math.sqrt(r2);
      return (1 + a + (5 / 3) * r2) * Math.exp(-a);
    },
    lengthScaleFactor(r2) {
      const a = SQRT5 * Math.sqrt(r2);
      return (5 / 3) * (1 + a) * Math.exp(-a);
    },
  },
};

/** Whether `kind` names one of them. */
export function isStationary(kind: unknown): kind is StationaryKind {
  return typeof kind === 'string' && Object.hasOwn(STATIONARY, kind);
}
