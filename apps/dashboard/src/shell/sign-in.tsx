// The door: a bearer token, tried before it is believed.
import { useState } from 'preact/hooks'
import { client, inWords } from '../api/client.ts'
import { signedOutBecause, signIn } from '../api/session.ts'

export function SignIn() {
  const [text, setText] = useState('')
  const [kept, setKept] = useState(false)
  const [trying, setTrying] = useState(false)
  const [fault, setFault] = useState<string | null>(null)

  const submit = async (event: Event): Promise<void> => {
    event.preventDefault()
    const secret = text.trim()
    if (!/^[\x21-\x7e]{1,512}$/.test(secret))
      return setFault('A token is one word of letters, digits and signs, without spaces.')
    setTrying(true)
    try {
      await client.get('/v1/clusters', { token: secret })
      signIn(secret, kept)
    } catch (error) {
      setFault(inWords(error))
    } finally {
      setTrying(false)
    }
  }

  const said = fault ?? signedOutBecause.value
  return (
    <main>
      <div class="door card">
        <h1>Trotline</h1>
        <p class="faint">Training jobs on Slurm clusters: checked before they queue, submitted once, followed live.</p>
        <form onSubmit={event => void submit(event)}>
          <div class="field">
            <label for="token">Token</label>
            <input
              id="token"
              type="password"
              autocomplete="current-password"
              spellcheck={false}
              value={text}
              aria-invalid={said !== null}
              aria-describedby="token-said"
              onInput={event => setText(event.currentTarget.value)}
            />
            <span id="token-said" class={said === null ? 'hint' : 'fault'} role="status">
              {said ?? 'The one that the command line uses. The quickstart writes it to .local/token.'}
            </span>
          </div>
          <label class="check">
            <input type="checkbox" checked={kept} onChange={event => setKept(event.currentTarget.checked)} />
            Keep it on this machine
          </label>
          <div class="row">
            <button type="submit" class="primary" disabled={trying || text.trim() === ''}>
              {trying ? 'Asking the server' : 'Sign in'}
            </button>
          </div>
        </form>
      </div>
    </main>
  )
}
