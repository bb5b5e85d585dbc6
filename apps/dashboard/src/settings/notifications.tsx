// Which jobs' ends the browser tells. There is no switch for all: each is asked for on its own page.
import { awaitEnd, awaited, permission, permissionText } from '../notify/awaited.ts'
import { MOST_AWAITED } from '../notify/notice.ts'
import { Link } from '../router/link.tsx'

export function Notifications() {
  const ids = awaited.value
  const trouble = permissionText()
  return (
    <section class="card" aria-label="Notifications of this browser">
      <h2>Notifications of this browser</h2>
      <p class="small faint">
        Off, until you press “Tell me when it ends” on a job's page. It is told once, when the job has ended and no page
        of Trotline is in front; the page has to be open somewhere.
      </p>
      {trouble !== null && <p class="small">{trouble}</p>}
      {ids.length === 0 ? (
        <p>No job is waited for.</p>
      ) : (
        <ul class="plain">
          {ids.map(id => (
            <li key={id} class="row">
              <Link href={`/jobs/${id}`} class="mono">
                {id}
              </Link>
              <button type="button" class="plain" onClick={() => void awaitEnd(id, false)}>
                Do not tell
              </button>
            </li>
          ))}
        </ul>
      )}
      {ids.length >= MOST_AWAITED && <p class="small faint">With another one the oldest of these is forgotten.</p>}
      {permission.value === 'granted' && (
        <div class="row">
          <button
            type="button"
            onClick={() => void new Notification('✓ Trotline', { body: 'This is how the end of a job is told.' })}
          >
            Show one now
          </button>
        </div>
      )}
    </section>
  )
}
