import { defineConfig } from 'vitest/config';

// The tests below templates/ belong to the scaffolded packages: they run there, with the placeholders filled in.
export default defineConfig({ test: { include: ['test/**/*.test.ts'] } });
