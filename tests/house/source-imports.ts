// Finds what a source file imports, with line numbers, and whether it touches process.env. Reads the text, runs nothing.
// The sources are formatted (Biome), so a static import begins its line and names its module in single quotes.

export interface Import {
  specifier: string
  line: number
  typesOnly: boolean
}

const CLAUSE = String.raw`(?:[\w$]+|\*(?:\s+as\s+[\w$]+)?|\{[^{}]*\})(?:\s*,\s*(?:\*\s+as\s+[\w$]+|\{[^{}]*\}))?`
const STATIC = new RegExp(String.raw`^(?:import|export)\s+(type\s+)?(${CLAUSE})\s+from\s+['"]([^'"\n]+)['"]`, 'gm')
const BARE = /^import\s+['"]([^'"\n]+)['"]/gm
/** import('x'), import.meta.resolve('x'), require('x'), createRequire(…).resolve(`x/…`). */
const CALLED = /\b(?:import|import\.meta\.resolve|require|require\.resolve|\)\.resolve)\(\s*['"`]([^'"`$\n]+)/g

export function importsOf(text: string): Import[] {
  const code = withoutComments(text)
  const at = (index: number): number => code.slice(0, index).split('\n').length
  const found: Import[] = []
  for (const match of code.matchAll(STATIC)) {
    const [, type, clause = '', specifier = ''] = match
    found.push({ specifier, line: at(match.index), typesOnly: type !== undefined || onlyTypes(clause) })
  }
  for (const match of code.matchAll(BARE))
    found.push({ specifier: match[1] ?? '', line: at(match.index), typesOnly: false })
  for (const match of code.matchAll(CALLED))
    found.push({ specifier: (match[1] ?? '').replace(/\/$/, ''), line: at(match.index), typesOnly: false })
  return found.sort((a, b) => a.line - b.line)
}

/** Lines that read settings of the process. */
export function settingsReadsOf(text: string): number[] {
  return withoutComments(text)
    .split('\n')
    .flatMap((line, i) =>
      /\bprocess\s*(?:\?\.|\.|\[['"])env\b|\{[^}]*\benv\b[^}]*\}\s*=\s*process\b/.test(line) ? [i + 1] : [],
    )
}

/** `{ type A, type B }`. */
function onlyTypes(clause: string): boolean {
  const names =
    /^\{([^{}]*)\}$/
      .exec(clause)?.[1]
      ?.split(',')
      .map(name => name.trim()) ?? []
  const given = names.filter(name => name !== '')
  return given.length > 0 && given.every(name => name.startsWith('type '))
}

/** Blanks comments, keeping every line where it is. A `//` inside a string is one only after a blank, which addresses have not. */
function withoutComments(text: string): string {
  return text
    .replace(/^[ \t]*\/\*[\s\S]*?\*\//gm, comment => comment.replace(/[^\n]/g, ' '))
    .replace(/(^|\s)\/\/[^\n]*/g, (comment, before: string) => before + ' '.repeat(comment.length - before.length))
}
