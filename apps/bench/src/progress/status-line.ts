/** One line on a terminal that is written over; nothing in a pipe. */
export interface StatusLine {
  /** Whether anybody sees it. */
  readonly visible: boolean;
  show(text: string): void;
  clear(): void;
}

/** A status line on stderr, which stays silent unless that is a terminal. */
export function createStatusLine(stream: NodeJS.WriteStream = process.stderr): StatusLine {
  if (!stream.isTTY) return { visible: false, show() {}, clear() {} };
  return {
    visible: true,
    show: (text) => stream.write(`\r\u001b[K${text.slice(0, (stream.columns || 80) - 1)}`),
    clear: () => stream.write('\r\u001b[K'),
  };
}
