// `?`: which keys there are.
import { Dialog } from './dialog.tsx'

const KEYS: readonly (readonly [string, readonly (readonly [string, string])[]])[] = [
  [
    'Anywhere',
    [
      ['g j', 'jobs'],
      ['g s', 'submit'],
      ['g c', 'clusters'],
      ['g e', 'environments'],
      ['g m', 'compatibility'],
      ['t', 'light or dark'],
      ['/', 'search'],
      ['?', 'this map'],
      ['Esc', 'close'],
    ],
  ],
  [
    'Lists',
    [
      ['j k', 'next, previous row'],
      ['Enter', 'open'],
      ['x', 'tick'],
      ['c', 'compare the ticked ones'],
      ['f', 'filter'],
    ],
  ],
  [
    'Job',
    [
      ['1 … 7', 'tabs'],
      ['[ ]', 'previous, next job of the list'],
      ['l', 'log'],
      ['u', 'copy the link'],
    ],
  ],
  [
    'Chart, when it has the focus',
    [
      ['← →', 'previous, next epoch; ten with Shift'],
      ['+ −', 'zoom'],
      ['0', 'fit all'],
      ['y', 'log axis'],
      ['s', 'smoothing'],
      ['a', 'superseded attempts'],
      ['v', 'as a table'],
      ['Enter', 'copy the value'],
    ],
  ],
  [
    'Log',
    [
      ['f', 'follow'],
      ['w', 'wrap'],
      ['r', 'raw'],
      ['e E', 'next, previous error'],
      ['n N', 'next, previous match'],
      ['u', 'copy the link, to the marked line too'],
      ['g g', 'start'],
      ['G', 'end'],
    ],
  ],
]

export function KeyMap({ onClose }: { onClose: () => void }) {
  return (
    <Dialog title="Keys" onClose={onClose}>
      {KEYS.map(([where, keys]) => (
        <section key={where}>
          <h3>{where}</h3>
          <dl class="keys">
            {keys.map(([key, what]) => (
              <KeyLine key={key} name={key} what={what} />
            ))}
          </dl>
        </section>
      ))}
      <p class="small faint">Nothing that destroys has a key. Settings switches the letters off.</p>
      <div class="row">
        <button type="button" onClick={onClose}>
          Close
        </button>
      </div>
    </Dialog>
  )
}

const KeyLine = ({ name, what }: { name: string; what: string }) => (
  <>
    <dt>
      {name.split(' ').map(key => (
        <kbd key={key}>{key}</kbd>
      ))}
    </dt>
    <dd>{what}</dd>
  </>
)
