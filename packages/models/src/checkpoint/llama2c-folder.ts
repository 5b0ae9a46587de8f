import { COMPANION_FILES, llama2cVocabulary } from './checkpoint-writer.js';
import type { LlamaConfig } from './config.js';
import { bytesSource, type FileFolder } from './file-folder.js';

/**
 * What goes with one llama2.c file of a folder that may hold others: a `config.json` from its header, whatever lies there under that name, and
 * the tokenizer files. Where there is a vocabulary of its size (`tok512.bin`), that is its tokenizer, and no other.
 */
export async function llama2cFolder(folder: FileFolder, config: LlamaConfig): Promise<FileFolder> {
  const own = llama2cVocabulary(config.vocabularySize);
  const shown: readonly string[] = (await folder.has(own)) ? [own] : COMPANION_FILES;
  const json = new TextEncoder().encode(`${JSON.stringify(config.source, null, 2)}\n`);
  return {
    name: folder.name,
    has: async (file) => file === 'config.json' || (shown.includes(file) && (await folder.has(file))),
    open: async (file) =>
      file === 'config.json' ? bytesSource(`${folder.name}/${file}`, json) : folder.open(file),
  };
}
