/** Where text goes: a stream of Node, or what a test collects. */
export interface TextStream {
  write(text: string, done: (error?: Error | null) => void): unknown;
}

/** What a command writes to. */
export interface Output {
  /** Results, on stdout; resolves when they are taken, so that long output waits for its reader. */
  readonly print: (text: string) => Promise<void>;
  /** One line of progress or advice, on stderr; where nobody reads it, work goes on. */
  readonly log: (line: string) => Promise<void>;
  /** stderr where it is a terminal, for progress that redraws itself. */
  readonly terminal?: NodeJS.WritableStream;
}

/** The output of a process, or of anything with its two streams. */
export const outputTo = (streams: { readonly stdout: TextStream; readonly stderr: TextStream }): Output => ({
  print: (text) => write(streams.stdout, text),
  log: (line) => write(streams.stderr, `${line}\n`).catch(() => {}),
  ...(isTerminal(streams.stderr) ? { terminal: streams.stderr } : {}),
});

const isTerminal = (stream: TextStream): stream is NodeJS.WriteStream => "isTTY" in stream && stream.isTTY === true;

const write = (stream: TextStream, text: string): Promise<void> =>
  new Promise((resolve, reject) => {
    stream.write(text, (error) => (error ? reject(error) : resolve()));
  });

/** Prints many lines, some thousand at a time. */
export const printLines = async (output: Output, lines: Iterable<string>): Promise<void> => {
  let gathered = "";
  for (const line of lines) {
    gathered += `${line}\n`;
    if (gathered.length < 2 ** 16) continue;
    await output.print(gathered);
    gathered = "";
  }
  if (gathered !== "") await output.print(gathered);
};
