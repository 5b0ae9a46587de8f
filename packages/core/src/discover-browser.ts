import type { FoundPackage } from './discover-node.js';
import { UnsupportedError } from './errors.js';

/** A browser has no installed packages to look through. @throws UnsupportedError always */
export async function discoverPackages(_folder: string): Promise<FoundPackage[]> {
  throw new UnsupportedError('discover() looks through node_modules, which needs Node.', {
    remedy: 'Import the plugins and pass them to use().',
  });
}
