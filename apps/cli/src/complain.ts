// An error as the person or the program that reads stderr wants it: text, or with --json the problem document on a line of its own.
import type { CliError } from './errors.ts'
import type { Output } from './output.ts'
import { errorText, problemOf } from './text/error-text.ts'

export function complainOf(out: Output, error: CliError): void {
  out.complain(out.json ? JSON.stringify(problemOf(error)) : errorText(error, out.sayStyle))
}
