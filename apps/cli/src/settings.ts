// The one file that reads process.env. Flags stand above these and are laid over them in context.ts.

export type Settings = Readonly<{
  url: string | null
  token: string | null
  colour: boolean
  /** A terminal that cannot move its cursor gets plain lines. */
  dumb: boolean
  /** COLUMNS, where someone set it; else the terminal is asked. */
  columns: number | null
  utf8: boolean
}>

const set = (value: string | undefined): value is string => value !== undefined && value !== ''

export function readSettings(env: NodeJS.ProcessEnv = process.env): Settings {
  const dumb = env.TERM === 'dumb'
  const columns = Number(env.COLUMNS)
  // The first of the three that is set decides, as in setlocale(3). None set means the C locale, but containers
  // and CI rarely set one and their terminals are UTF-8, so only a locale that says otherwise gets ASCII.
  const locale = [env.LC_ALL, env.LC_CTYPE, env.LANG].find(set)
  return {
    url: set(env.TROTLINE_URL) ? env.TROTLINE_URL : null,
    token: set(env.TROTLINE_TOKEN) ? env.TROTLINE_TOKEN.trim() : null,
    colour: !dumb && !set(env.NO_COLOR) && !set(env.TROTLINE_NO_COLOR),
    dumb,
    columns: Number.isInteger(columns) && columns > 0 ? columns : null,
    utf8: locale === undefined || /utf-?8/i.test(locale),
  }
}
