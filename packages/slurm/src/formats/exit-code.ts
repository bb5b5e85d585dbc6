// sacct's exit codes: "<code>:<signal>", such as 3:0, 0:9 and 0:125 (man sacct, ExitCode).

export interface ExitCode {
  readonly code: number
  /** 0: no signal. Slurm also uses numbers that are no signals: 125 out of memory, 53 no output file. */
  readonly signal: number
}

/** null when the text is not of that form. */
export function parseExitCode(text: string): ExitCode | null {
  const match = /^(\d+):(\d+)$/.exec(text)
  return match ? { code: Number(match[1]), signal: Number(match[2]) } : null
}
