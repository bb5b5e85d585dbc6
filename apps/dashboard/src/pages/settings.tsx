// Settings: who is signed in, what the browser remembers for the person, and who else is told of jobs.
import type { Whoami } from '@trotline/contracts'
import { signOut } from '../api/session.ts'
import { useAnswer } from '../api/use-asked.ts'
import { Fact } from '../job/environment-tab.tsx'
import { Notifications } from '../settings/notifications.tsx'
import { setShortcuts, shortcutsOn } from '../shell/keyboard.ts'
import { lazyPart } from '../shell/lazy-part.tsx'
import { setTheme, theme } from '../shell/theme.ts'
import { formats, localZone, setZone, zone } from '../shell/time-zone.ts'
import { Trouble } from '../shell/trouble.tsx'
import { Page } from './page.tsx'

const Webhooks = lazyPart(async () => (await import('../settings/webhooks.tsx')).Webhooks)

const GROUNDS = [
  ['system', 'As the system has it'],
  ['light', 'Light'],
  ['dark', 'Dark'],
] as const

export function SettingsPage() {
  const { value: who, trouble, again } = useAnswer('/v1/whoami', {})
  return (
    <Page title="Settings">
      <h1>Settings</h1>
      {who === null && trouble !== null && <Trouble text={trouble} onRetry={again} />}
      {who !== null && <Account who={who} />}
      <div class="columns">
        <section class="card">
          <fieldset>
            <legend>Ground</legend>
            {GROUNDS.map(([value, name]) => (
              <label class="check" key={value}>
                <input type="radio" name="ground" checked={theme.value === value} onChange={() => setTheme(value)} />
                {name}
              </label>
            ))}
          </fieldset>
        </section>
        <section class="card">
          <fieldset>
            <legend>Times</legend>
            <label class="check">
              <input type="radio" name="zone" checked={zone.value === 'local'} onChange={() => setZone('local')} />
              This machine's zone ({localZone()})
            </label>
            <label class="check">
              <input type="radio" name="zone" checked={zone.value === 'UTC'} onChange={() => setZone('UTC')} />
              UTC
            </label>
          </fieldset>
          <p class="small faint">Now: {formats.value.whole.format(new Date())}</p>
        </section>
        <section class="card">
          <fieldset>
            <legend>Keys</legend>
            <label class="check">
              <input
                type="checkbox"
                checked={shortcutsOn.value}
                onChange={event => setShortcuts(event.currentTarget.checked)}
              />
              Single letters are shortcuts
            </label>
          </fieldset>
          <p class="small faint">Every key is also a button. Nothing that destroys has a key; ? shows them all.</p>
        </section>
        <Notifications />
      </div>
      {who !== null && <Webhooks operator={who.role === 'operator'} />}
    </Page>
  )
}

const Account = ({ who }: { who: Whoami }) => (
  <section class="card" aria-label="Account">
    <dl class="facts">
      <Fact name="Signed in as">
        {who.owner.name} ({who.owner.id})
      </Fact>
      <Fact name="Role">{who.role === 'operator' ? 'operator: sees all jobs' : 'user: sees own jobs'}</Fact>
      <Fact name="Submits as">{who.identity}</Fact>
      <Fact name="Server">{who.version}</Fact>
    </dl>
    <p class="small faint">
      A token has no end of its own: the operator takes it out of the configuration when it is to be no longer valid.
    </p>
    <div class="row">
      <button type="button" onClick={() => signOut()}>
        Sign out
      </button>
      <span class="small faint">Forgets the token: that of this tab, and the one that is kept on this machine.</span>
    </div>
  </section>
)
