// The one place where argv becomes POSIX shell text. Nothing else may build a command line.

const PLAIN = /^[A-Za-z0-9_@%+:,./-]+$/

/**
 * Quotes one word so that a POSIX shell hands it on unchanged, whatever it holds.
 *
 * @throws TypeError for a NUL, which no Unix argument can carry.
 */
export function shellQuote(word: string): string {
  if (word.includes('\0')) throw new TypeError('a command argument cannot hold a NUL character')
  // "=" is left out of PLAIN: an unquoted first word such as A=b would be an assignment, not a command.
  return PLAIN.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`
}

/** @throws TypeError for an empty argv or a NUL in a word. */
export function shellCommand(argv: readonly string[]): string {
  if (argv.length === 0) throw new TypeError('a command needs at least its name')
  return argv.map(shellQuote).join(' ')
}
