#!/usr/bin/env node
import { parseArgs } from 'node:util';
import { KINDS, type Kind, scaffold } from './scaffold.js';

const HELP = `Usage: npm create espalier-plugin <name> -- --kind <kind> [--directory <folder>]

Writes a stand-alone plugin package: one algorithm with its conformance test, a README and a CI file.

  <name>        name of the package, e.g. espalier-plugin-my-method or @me/espalier-plugin-my-method
  --kind        ${KINDS.join(' | ')}
  --directory   where to write it; default: the name without its scope, in the current folder
`;

const isKind = (kind: string): kind is Kind => (KINDS as readonly string[]).includes(kind);

/** Reads the command line; returns the exit status: 0 written, 1 refused, 2 wrong usage. */
async function main(args: readonly string[]): Promise<number> {
  let parsed: ReturnType<typeof parse>;
  try {
    parsed = parse(args);
  } catch (error) {
    return usage((error as Error).message);
  }
  const { values, positionals } = parsed;
  if (values.help) {
    console.log(HELP);
    return 0;
  }
  const [name, ...rest] = positionals;
  if (!name || rest.length > 0) return usage('Give one package name.');
  if (!values.kind || !isKind(values.kind)) {
    return usage(`Give a kind: ${KINDS.join(', ')}${values.kind ? `; given '${values.kind}'` : ''}.`);
  }
  const directory = values.directory ?? name.replace(/^@[^/]+\//, '');
  try {
    await scaffold({ name, kind: values.kind, directory });
  } catch (error) {
    console.error((error as Error).message);
    return 1;
  }
  console.log(`Written to ${directory}. Next:\n\n  cd ${directory}\n  npm install\n  npm test\n`);
  return 0;
}

function parse(args: readonly string[]) {
  return parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      kind: { type: 'string' },
      directory: { type: 'string' },
      help: { type: 'boolean', short: 'h' },
    },
  });
}

function usage(problem: string): number {
  console.error(`${problem}\n\n${HELP}`);
  return 2;
}

process.exitCode = await main(process.argv.slice(2));
