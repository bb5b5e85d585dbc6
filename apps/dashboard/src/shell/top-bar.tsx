// The bar on every page: where one is, how the clusters feel, light or dark, who is signed in.
import { useEffect, useState } from 'preact/hooks'
import { signOut } from '../api/session.ts'
import { useAnswer } from '../api/use-asked.ts'
import { follow } from '../live/live.ts'
import { Link } from '../router/link.tsx'
import { ground, switchGround } from './theme.ts'

const PAGES = [
  ['/', 'Jobs'],
  ['/submit', 'Submit'],
  ['/compatibility', 'Compatibility'],
  ['/environments', 'Environments'],
  ['/clusters', 'Clusters'],
  ['/settings', 'Settings'],
] as const

export function TopBar({ path, onKeys }: { path: string; onKeys: () => void }) {
  const [open, setOpen] = useState(false)
  const { value: who } = useAnswer('/v1/whoami', {})
  useEffect(() => setOpen(false), [path])
  const other = ground.value === 'dark' ? 'Light' : 'Dark'
  return (
    <header class="bar">
      <div class="bar-inner">
        <Link href="/" class="brand">
          <Mark />
          Trotline
        </Link>
        <nav aria-label="Pages" class={open ? 'open' : ''} id="pages">
          {PAGES.map(([href, name]) => (
            <Link key={href} href={href} current={isAt(path, href)}>
              {name}
            </Link>
          ))}
          <a href="/guide">Guide</a>
        </nav>
        <div class={open ? 'bar-end open' : 'bar-end'}>
          <Health />
          <button type="button" class="plain extra" onClick={switchGround} title="t">
            {other}
          </button>
          <button type="button" class="plain extra" onClick={onKeys} aria-label="Keys" title="?">
            ?
          </button>
          <button
            type="button"
            class="plain extra"
            onClick={() => signOut()}
            title={who === null ? '' : `${who.owner.name}, ${who.role}`}
          >
            Sign out
          </button>
          <button
            type="button"
            class="menu-button"
            aria-expanded={open}
            aria-controls="pages"
            onClick={() => setOpen(!open)}
          >
            Menu
          </button>
        </div>
      </div>
    </header>
  )
}

const isAt = (path: string, href: string): boolean =>
  href === '/' ? path === '/' || path.startsWith('/jobs') : path === href || path.startsWith(`${href}/`)

/** A line with hooks: what the name is of. */
const Mark = () => (
  <svg
    width="22"
    height="22"
    viewBox="0 0 22 22"
    aria-hidden="true"
    fill="none"
    stroke="currentColor"
    stroke-width="1.8"
  >
    <path d="M1 6c6-3 14-3 20 0" stroke-linecap="round" />
    <path d="M5 5v8a2 2 0 0 0 4 0M11 4v12a2 2 0 0 0 4 0M17 5v5a2 2 0 0 0 4 0" stroke-linecap="round" />
  </svg>
)

function Health() {
  const { value: page, again } = useAnswer('/v1/clusters', {})
  // Followed on every page: it is by this that each of them knows whether the server is there.
  useEffect(() => follow('clusters', told => (told.type === 'cluster' || told.type === 'reset') && again()), [again])
  if (page === null) return null
  const ill = page.items.filter(cluster => !cluster.ok)
  const paused = page.items.filter(cluster => cluster.ok && cluster.paused)
  const [look, text] =
    ill.length > 0
      ? ['state-failed', `✕ ${ill.map(cluster => cluster.name).join(', ')} away`]
      : paused.length > 0
        ? ['state-held', `‖ ${paused.map(cluster => cluster.name).join(', ')} paused`]
        : ['state-completed', page.items.length === 1 ? `✓ ${page.items[0]?.name}` : `✓ ${page.items.length} clusters`]
  return (
    <Link href="/clusters" class="health">
      <span class={look}>{text}</span>
    </Link>
  )
}
