// A question that says the same thing twice and not the same: there is no right half to answer it for.
import type { CompatibilityFinding, CompatibilityQuestion } from '@trotline/contracts'
import { finding } from '../findings.ts'
import { parseCondaVersion, parseConstraint } from '../versions/conda.ts'
import { beginsWith } from '../versions/dotted.ts'
import { globMatches, type MatchSpec } from '../versions/match-spec.ts'
import { parseRelease } from '../versions/release.ts'
import { channelOf } from './channels.ts'
import { frameworkOf } from './framework-names.ts'

/** Each names both fields. Empty where they agree, or where one of them cannot be read: that is said elsewhere. */
export function contradictions(question: CompatibilityQuestion, spec: MatchSpec | null): CompatibilityFinding[] {
  const found: CompatibilityFinding[] = []
  const tell = (one: string, oneSays: string, other: string, otherSays: string): void => {
    found.push(
      finding(
        'build-rest',
        'question-contradicts',
        'unknown',
        `The question contradicts itself: ${one} says "${oneSays}", and ${other} says "${otherSays}".`,
        {
          required: `${one} and ${other} that agree`,
          found: `${oneSays}; ${otherSays}`,
          hint: 'Leave one of the two out.',
        },
      ),
    )
  }
  const { frameworkVersion, wheelTag, condaSpec, channel, framework, condaBuild } = question
  const local = frameworkVersion === undefined ? null : (parseRelease(bareVersion(frameworkVersion))?.local ?? null)
  if (frameworkVersion !== undefined && wheelTag !== undefined && local !== null && !sameTag(local, wheelTag))
    tell('frameworkVersion', frameworkVersion, 'wheelTag', wheelTag)
  if (spec === null || condaSpec === undefined) return found
  if (frameworkVersion !== undefined && spec.version !== null && !versionsMeet(frameworkVersion, spec.version))
    tell('frameworkVersion', frameworkVersion, 'condaSpec', condaSpec)
  if (channel !== undefined && spec.channel !== null && !sameChannel(channel, spec.channel))
    tell('channel', channel, 'condaSpec', condaSpec)
  const named = framework === undefined ? null : frameworkOf(framework)
  const ofSpec = frameworkOf(spec.name)
  if (framework !== undefined && named !== null && ofSpec !== null && named.framework !== ofSpec.framework)
    tell('framework', framework, 'condaSpec', condaSpec)
  if (condaBuild !== undefined && spec.build !== null && !buildsMeet(condaBuild, spec.build))
    tell('condaBuild', condaBuild, 'condaSpec', condaSpec)
  return found
}

const bareVersion = (text: string): string => text.trim().replace(/^={1,3}(?=\d)/, '')

/** cu121 and +CU121, and cu121.with.pypi.cudnn, are one. */
function sameTag(one: string, other: string): boolean {
  const first = (tag: string) => tag.trim().toLowerCase().replace(/^\+/, '').split('.')[0]
  return first(one) === first(other)
}

/** Two constraints are left to the table; a release and a constraint have to meet, 1.3 and 1.3.1 do. */
function versionsMeet(asked: string, ofSpec: string): boolean {
  const release = parseRelease(bareVersion(asked).replace(/\.\*$/, ''))
  if (release === null) return true
  const other = parseRelease(bareVersion(ofSpec).replace(/\.\*$/, ''))
  if (other !== null) return beginsWith(release.numbers, other.numbers) || beginsWith(other.numbers, release.numbers)
  const holds = parseConstraint(ofSpec)
  const version = parseCondaVersion(release.numbers.join('.'))
  if (holds === null || version === null) return true
  // `1.3` stands for its patches too.
  const newest = parseCondaVersion([...release.numbers, 999].join('.'))
  return holds(version) || (newest !== null && holds(newest))
}

const sameChannel = (one: string, other: string): boolean =>
  (channelOf(one) ?? one.trim().toLowerCase()) === (channelOf(other) ?? other.trim().toLowerCase())

/** Of two patterns nobody can be sure; a build string that is written out has to fit the other. */
const buildsMeet = (one: string, other: string): boolean =>
  (one.includes('*') && other.includes('*')) || globMatches(one, other) || globMatches(other, one)
