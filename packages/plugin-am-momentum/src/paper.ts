import type { Paper } from '@espalier/core';

/** The source of both algorithms. */
export const paper: Paper = {
  title: 'Adaptive Memory Momentum via a Model-Based Framework for Deep Learning Optimization',
  authors: 'Kristi Topollai, Anna Choromanska',
  arxiv: '2510.04988',
  year: 2026,
};
