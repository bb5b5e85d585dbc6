// The one file that reads process.env. Flags stand above these, files below them: configuration/.
import { homedir } from 'node:os'
import { isAbsolute, join } from 'node:path'

export type Settings = Readonly<{
  url: string | null
  token: string | null
  tokenFile: string | null
  patience: string | null
  cluster: string | null
  colour: boolean
  /** A terminal that cannot move its cursor gets plain lines. */
  dumb: boolean
  /** COLUMNS, where someone set it; else the terminal is asked. */
  columns: number | null
  utf8: boolean
  /** Where this user's files of each kind lie (XDG). */
  configHome: string
  cacheHome: string
  proxies: Readonly<{ https: string | null; http: string | null; none: string | null }>
  /** Certificates beside those that Node.js knows. */
  certFile: string | null
  /** What the network gets of somebody's patience with a tab. */
  tabMs: number
  /** There is a screen that a browser could open on. */
  graphical: boolean
}>

const TAB_MS = 300

const set = (value: string | undefined): value is string => value !== undefined && value !== ''
const first = (...values: (string | undefined)[]): string | null => values.find(set) ?? null

export function readSettings(env: NodeJS.ProcessEnv = process.env): Settings {
  const dumb = env.TERM === 'dumb'
  const columns = Number(env.COLUMNS)
  // The first of the three that is set decides, as in setlocale(3). None set means the C locale, but containers
  // and CI rarely set one and their terminals are UTF-8, so only a locale that says otherwise gets ASCII.
  const locale = [env.LC_ALL, env.LC_CTYPE, env.LANG].find(set)
  // XDG: a path that is not absolute does not count.
  const home = set(env.HOME) ? env.HOME : homedir()
  const below = (value: string | undefined, otherwise: string): string =>
    set(value) && isAbsolute(value) ? value : join(home, otherwise)
  return {
    url: first(env.TROTLINE_URL),
    token: set(env.TROTLINE_TOKEN) ? env.TROTLINE_TOKEN.trim() : null,
    tokenFile: first(env.TROTLINE_TOKEN_FILE),
    patience: first(env.TROTLINE_PATIENCE),
    cluster: first(env.TROTLINE_CLUSTER),
    colour: !dumb && !set(env.NO_COLOR) && !set(env.TROTLINE_NO_COLOR),
    dumb,
    columns: Number.isInteger(columns) && columns > 0 ? columns : null,
    utf8: locale === undefined || /utf-?8/i.test(locale),
    configHome: below(env.XDG_CONFIG_HOME, '.config'),
    cacheHome: below(env.XDG_CACHE_HOME, '.cache'),
    // The small letters stand first, as in curl.
    proxies: {
      https: first(env.https_proxy, env.HTTPS_PROXY, env.all_proxy, env.ALL_PROXY),
      http: first(env.http_proxy, env.HTTP_PROXY, env.all_proxy, env.ALL_PROXY),
      none: first(env.no_proxy, env.NO_PROXY),
    },
    certFile: first(env.SSL_CERT_FILE),
    tabMs: /^[0-9]{1,5}$/.test(env.TROTLINE_TAB_MS ?? '') ? Number(env.TROTLINE_TAB_MS) : TAB_MS,
    graphical: process.platform === 'darwin' || set(env.DISPLAY) || set(env.WAYLAND_DISPLAY),
  }
}
