export type * from "./results/results-file.js";
