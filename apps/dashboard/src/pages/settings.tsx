// What the browser remembers for the person: the ground, and whether letters are keys.
import type { Whoami } from '@trotline/contracts'
import { useAsked } from '../api/use-asked.ts'
import { Fact } from '../job/environment-tab.tsx'
import { setShortcuts, shortcutsOn } from '../shell/keyboard.ts'
import { setTheme, theme } from '../shell/theme.ts'
import { Page } from './page.tsx'

const GROUNDS = [
  ['system', 'As the system has it'],
  ['light', 'Light'],
  ['dark', 'Dark'],
] as const

export const SettingsPage = () => (
  <Page title="Settings">
    <h1>Settings</h1>
    <Account />
    <div class="card">
      <fieldset>
        <legend>Ground</legend>
        {GROUNDS.map(([value, name]) => (
          <label class="check" key={value}>
            <input type="radio" name="ground" checked={theme.value === value} onChange={() => setTheme(value)} />
            {name}
          </label>
        ))}
      </fieldset>
    </div>
    <div class="card">
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
      <p class="small faint">Every key is also a button. Nothing that destroys has a key.</p>
    </div>
  </Page>
)

function Account() {
  const { value } = useAsked<Whoami>('/v1/whoami')
  if (value === null) return null
  return (
    <div class="card">
      <dl class="facts">
        <Fact name="Signed in as">
          {value.owner.name} ({value.owner.id})
        </Fact>
        <Fact name="Role">{value.role === 'operator' ? 'operator: sees all jobs' : 'user: sees own jobs'}</Fact>
        <Fact name="Submits as">{value.identity}</Fact>
        <Fact name="Server">{value.version}</Fact>
      </dl>
    </div>
  )
}
