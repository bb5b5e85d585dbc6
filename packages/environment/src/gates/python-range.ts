// Still gate 4: is the build made for this Python? Experimental ones warn; where nobody has looked, the answer is unknown.
import type { CompatibilityFinding } from '@trotline/contracts'
import type { Build } from '../builds/build.ts'
import type { Wanted } from '../builds/wanted.ts'
import { finding } from '../findings.ts'
import { listed } from '../listed.ts'
import { compareDotted, dotted } from '../versions/dotted.ts'
import { allowedOf, sortedPythons } from '../versions/python.ts'

/** Empty where no Python is named, or nothing is known of the build's. */
export function pythonRange(build: Build, name: string, wanted: Wanted): CompatibilityFinding[] {
  const range = build.python
  if (wanted.python === null || range === null) return []
  const asked = wanted.python
  const pinned = pythonOfBuildString(wanted.condaBuild)
  if (pinned !== null && allowedOf(asked, [pinned]).length === 0)
    return [
      finding(
        'build-rest',
        'python-range',
        'incompatible',
        `This build of ${name} is for Python ${pinned}; ${asked.text} is asked for.`,
        {
          required: pinned,
          found: asked.text,
          hint: `Ask for Python ${pinned}, or for another build.`,
          from: [build],
        },
      ),
    ]
  const shown = listed(sortedPythons(range.supported), 'and')
  const supported = allowedOf(asked, range.supported)
  if (supported.length > 0) {
    const unseen = range.seen !== null && supported.every(minor => notSeen(minor, range.seen ?? []))
    return [
      unseen
        ? finding(
            'build-rest',
            'sources-disagree',
            'compatible-with-warning',
            `The release supports Python ${asked.text}, and nobody saw such a build of ${name} in the channel: there are ${listed(range.seen ?? [], 'and')}.`,
            {
              required: listed(range.seen ?? [], 'or'),
              found: asked.text,
              hint: `Take Python ${range.seen?.at(-1)}.`,
              from: [build, range],
            },
          )
        : finding('build-rest', 'python-range', 'compatible', `${name} is built for Python ${shown}.`, {
            required: listed(sortedPythons(range.supported), 'or'),
            found: asked.text,
            from: [range],
          }),
    ]
  }
  if (allowedOf(asked, range.experimental).length > 0)
    return [
      finding(
        'build-rest',
        'python-range',
        'compatible-with-warning',
        `${name} supports Python ${shown}; ${asked.text} is experimental there.`,
        {
          required: listed(sortedPythons(range.supported), 'or'),
          found: asked.text,
          hint: `Python ${range.supported.at(-1)} is the safe choice.`,
          from: [range],
        },
      ),
    ]
  const namesake = asked.minor?.endsWith('t') ? asked.minor.slice(0, -1) : null
  if (namesake !== null && range.supported.includes(namesake))
    return [
      finding(
        'build-rest',
        'python-range',
        'unknown',
        `Whether ${name} is built for the free-threaded Python ${asked.text} is not known.`,
        {
          required: listed(sortedPythons(range.supported), 'or'),
          found: asked.text,
          hint: `Python ${namesake} is the safe choice.`,
          from: [range],
        },
      ),
    ]
  const newest = sortedPythons(range.supported).at(-1) ?? ''
  if (
    range.openEnded &&
    asked.minor !== null &&
    compareDotted(dotted(asked.minor.replace('t', '')), dotted(newest)) > 0
  )
    return [
      finding(
        'build-rest',
        'python-range',
        'unknown',
        `Whether ${name} has wheels for Python ${asked.text} is not known: those up to ${newest} are.`,
        {
          required: listed(sortedPythons(range.supported), 'or'),
          found: asked.text,
          hint: `Python ${newest} is the safe choice.`,
          from: [range],
        },
      ),
    ]
  return [
    finding(
      'build-rest',
      'python-range',
      'incompatible',
      `${name} is built for Python ${shown}; ${asked.text} is asked for.`,
      {
        required: listed(sortedPythons(range.supported), 'or'),
        found: asked.text,
        hint: `Take Python ${newest}.`,
        from: [range],
      },
    ),
  ]
}

/** The one list of conda builds that there is leaves Pythons before 3.7 out. */
const FIRST_LOOKED_AT = dotted('3.7')

const notSeen = (minor: string, seen: readonly string[]): boolean =>
  !seen.includes(minor) && compareDotted(dotted(minor.replace('t', '')), FIRST_LOOKED_AT) >= 0

/** py3.7_cuda9.2.148_cudnn7.6.3_0 and gpu_py36had579c0_0 name one. */
function pythonOfBuildString(build: string | null): string | null {
  const match = /(?:^|_|[a-z.\d])py(\d)\.?(\d{1,2})(?=_|h[0-9a-f]{7}|\*|$)/i.exec(build ?? '') ?? null
  return match === null ? null : `${match[1]}.${match[2]}`
}
