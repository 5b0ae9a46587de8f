/** What the paper's figures were measured on. */
export const PAPER_SETTING =
  'LongBench; Llama-2-7B, Llama-3-8B-Instruct, Mistral-7B-Instruct-v0.2; d = 128, float16';

/** Three digits of a figure. */
export const round = (value: number) => Number(value.toPrecision(3));
