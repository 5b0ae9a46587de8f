/** The paper of this package. */
export const MINI_GP_PAPER = {
  title: 'Scaling Gaussian Process Optimization by Evaluating a Few Unique Candidates Multiple Times',
  authors: 'D. Calandriello, L. Carratino, A. Lazaric, M. Valko, L. Rosasco',
  arxiv: '2201.12909',
  year: 2022,
} as const;
