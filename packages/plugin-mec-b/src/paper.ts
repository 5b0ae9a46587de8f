import type { Paper } from '@espalier/core';

/** Where the methods of this package come from. */
export const MEC_B_PAPER: Paper = {
  title: 'Minimum Entropy Coupling with Bottleneck',
  authors: 'M. R. Ebrahimi, J. Chen, A. Khisti',
  arxiv: '2410.21666',
  year: 2024,
};

/** Max-seeking coupling. */
export const GREEDY_PAPER: Paper = {
  title: 'Entropic Causal Inference',
  authors: 'M. Kocaoglu, A. G. Dimakis, S. Vishwanath, B. Hassibi',
  arxiv: '1611.04035',
  year: 2017,
};
