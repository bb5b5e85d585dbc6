// The request as people take it along: a line of curl, a line of the command line. Quoted for a shell of POSIX. Pure.

/** One word, whatever is in it. */
export const shellWord = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`

/** The token stays where it is: in the environment of whoever runs it. */
export const curlOf = (request: unknown, origin: string): string =>
  [
    `curl --fail-with-body ${origin}/v1/jobs`,
    `-H "Authorization: Bearer $TROTLINE_TOKEN"`,
    "-H 'Content-Type: application/json'",
    `-d ${shellWord(JSON.stringify(request))}`,
  ].join(' \\\n  ')

export const commandOf = (request: unknown): string =>
  `printf %s ${shellWord(JSON.stringify(request))} | trotline submit - --follow`
