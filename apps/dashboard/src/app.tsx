// The page as a whole: the door, or the bar and what the address names. Pages that are not looked at are not loaded.
import type { ComponentType } from 'preact'
import { useEffect, useRef, useState } from 'preact/hooks'
import { token } from './api/session.ts'
import { ClustersPage } from './pages/clusters.tsx'
import { ComparePage } from './pages/compare.tsx'
import { CompatibilityPage } from './pages/compatibility.tsx'
import { EnvironmentPage } from './pages/environment.tsx'
import { EnvironmentsPage } from './pages/environments.tsx'
import { JobPage } from './pages/job.tsx'
import { JobsPage } from './pages/jobs.tsx'
import { NoPage } from './pages/no-page.tsx'
import { SettingsPage } from './pages/settings.tsx'
import { SubmitPage } from './pages/submit.tsx'
import { go, place } from './router/place.ts'
import { type Route, routeOf } from './router/routes.ts'
import { ErrorBoundary } from './shell/error-boundary.tsx'
import { KeyMap } from './shell/key-map.tsx'
import { useKeys } from './shell/keyboard.ts'
import { SignIn } from './shell/sign-in.tsx'
import { StaleBanner } from './shell/stale-banner.tsx'
import { switchGround } from './shell/theme.ts'
import { TopBar } from './shell/top-bar.tsx'

const GO: Readonly<Record<string, string>> = {
  'g j': '/',
  'g s': '/submit',
  'g c': '/clusters',
  'g e': '/environments',
  'g m': '/compatibility',
}

export function App() {
  if (token.value === null) return <SignIn />
  return <SignedIn key={token.value} />
}

function SignedIn() {
  const { path } = place.value
  const [keys, setKeys] = useState(false)
  useKeys(key => {
    const to = GO[key]
    if (to !== undefined) go(to)
    else if (key === 't') switchGround()
    else if (key === '?') setKeys(true)
    else return undefined
    return true
  })
  const route = routeOf(path)
  const { Page, id } = pageOf(route)
  const page = `${route.page} ${id}`
  return (
    <>
      <TopBar path={path} onKeys={() => setKeys(true)} />
      <StaleBanner />
      <ErrorBoundary place={page}>
        <Moved page={page} />
        <Page key={page} id={id} />
      </ErrorBoundary>
      {keys && <KeyMap onClose={() => setKeys(false)} />}
    </>
  )
}

/** Whoever hears the page is told that it is another one: the focus goes to its main part. */
function Moved({ page }: { page: string }) {
  const first = useRef(true)
  // It is the page that changes.
  useEffect(() => {
    if (!first.current) document.querySelector<HTMLElement>('main')?.focus()
    first.current = false
  }, [page])
  return null
}

/** What stands at an address, and what makes it another page: a job's tabs are one page. */
function pageOf(route: Route): { Page: ComponentType<{ id: string }>; id: string } {
  switch (route.page) {
    case 'jobs':
      return { Page: JobsPage, id: '' }
    case 'job':
      return { Page: JobPage, id: route.id }
    case 'compare':
      return { Page: ComparePage, id: '' }
    case 'submit':
      return { Page: SubmitPage, id: '' }
    case 'compatibility':
      return { Page: CompatibilityPage, id: '' }
    case 'environments':
      return { Page: EnvironmentsPage, id: '' }
    case 'environment':
      return { Page: EnvironmentPage, id: route.id }
    case 'clusters':
      return { Page: ClustersPage, id: '' }
    case 'cluster':
      return { Page: ClustersPage, id: route.name }
    case 'settings':
      return { Page: SettingsPage, id: '' }
    default:
      return { Page: NoPage, id: '' }
  }
}
