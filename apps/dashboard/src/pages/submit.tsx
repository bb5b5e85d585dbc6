// Submit: the form beside what would become of it. Nothing that was typed is lost by a refusal.
import type { Schema } from '@trotline/client'
import type { Finding } from '@trotline/contracts'
import { useEffect, useMemo, useRef, useState } from 'preact/hooks'
import { client, inWords, newKey, Refused } from '../api/client.ts'
import { useAnswer } from '../api/use-asked.ts'
import { go, place } from '../router/place.ts'
import { Trouble } from '../shell/trouble.tsx'
import { Answer } from '../submit/answer.tsx'
import { Field } from '../submit/field.tsx'
import { EMPTY, type Form, fieldOf, formOf, PRESETS, readsFiles, requestOf, WAYS, withWay } from '../submit/form.ts'
import { useDryRun } from '../submit/use-dry-run.ts'
import { Page } from './page.tsx'

/** Behind “More”: opened where one of them is at fault, or was changed. */
const FOLDED = ['backend', 'environment', 'account', 'qos', 'constraint', 'reservation', 'labels'] as const
const BACKENDS = ['auto', 'any', 'tfjs-node-gpu', 'tfjs-node', 'webgpu', 'simd', 'wasm', 'cpu']

export function SubmitPage() {
  const [form, setForm] = useState<Form>(() => {
    const way = WAYS.find(one => one === place.value.query.get('preset'))
    return way === undefined ? EMPTY : withWay(EMPTY, way)
  })
  const from = place.value.query.get('from')
  const [before, setBefore] = useState<Form | null>(null)
  const [trouble, setTrouble] = useState<string | null>(null)
  const [refusal, setRefusal] = useState<readonly Finding[]>([])
  const [sending, setSending] = useState(false)
  const clusters = useAnswer('/v1/clusters', {})
  const cluster = useAnswer('/v1/clusters/{name}', form.cluster === '' ? null : { path: { name: form.cluster } })
  const names = clusters.value?.items.map(one => one.name) ?? []
  const partitions = cluster.value?.facts?.partitions ?? []
  const partition = partitions.find(one => one.name === form.partition)

  useEffect(() => {
    setBefore(null)
    if (from === null) return
    client.get('/v1/jobs/{id}', { path: { id: from } }).then(
      ({ data: job }) => {
        const form = formOf(job.request)
        setBefore(form)
        setForm(form)
      },
      error => setTrouble(inWords(error)),
    )
  }, [from])
  // The only cluster, the first partition: what most people would choose stands there already.
  useEffect(() => {
    const [first] = names
    if (first !== undefined && from === null) setForm(now => (now.cluster === '' ? { ...now, cluster: first } : now))
  }, [names.join(), from])
  useEffect(() => {
    const [first] = partitions
    if (first === undefined) return
    setForm(now =>
      now.cluster === cluster.value?.name && !partitions.some(one => one.name === now.partition)
        ? { ...now, partition: first.name }
        : now,
    )
  }, [cluster.value])

  const { request, problem } = requestOf(form)
  const text = request === undefined ? null : JSON.stringify(request)
  const complete = text !== null && (form.way === 'json' || (form.cluster !== '' && form.partition !== ''))
  const { tried, asking } = useDryRun(complete ? text : null)
  // One key for one request, however often it is sent.
  const key = useRef({ text: '', key: '' })
  if (text !== null && key.current.text !== text) key.current = { text, key: newKey() }

  const faults = useMemo(() => {
    const found = new Map<keyof Form, Finding>()
    const findings = tried?.kind === 'refused' ? (tried.problem.findings ?? []) : refusal
    for (const finding of findings) {
      const field = fieldOf(finding.pointer)
      if (field !== null && !found.has(field)) found.set(field, finding)
    }
    return found
  }, [tried, refusal])

  const change = (name: keyof Form, value: string): void => {
    setRefusal([])
    setForm(now => ({ ...now, [name]: value }))
  }
  const submit = async (event: Event): Promise<void> => {
    event.preventDefault()
    if (request === undefined) return
    setSending(true)
    setTrouble(null)
    try {
      const body = request as Schema<'JobRequestInput'>
      const made = await client.post('/v1/jobs', { body, key: key.current.key })
      if (made.status === 202) go(`/jobs/${made.data.id}`)
    } catch (error) {
      setTrouble(`Not submitted. ${inWords(error)}`)
      if (error instanceof Refused) setRefusal(error.problem.findings ?? [])
    } finally {
      setSending(false)
    }
  }

  const field = { form, onChange: change, faults, before: before?.way === form.way ? before : null }
  const folded = FOLDED.some(name => faults.has(name) || (field.before !== null && field.before[name] !== form[name]))
  // What is typed into a form that is filled in a moment later would be lost.
  if (from !== null && before === null && trouble === null)
    return (
      <Page title="Submit">
        <h1>Edit and submit</h1>
        <p role="status">The request of job {from} is being read.</p>
      </Page>
    )
  const gpuTypes = (partition?.gpus ?? []).flatMap(({ type }) => (type === null ? [] : [type]))
  return (
    <Page title="Submit">
      <h1>{from === null ? 'Submit a job' : 'Edit and submit'}</h1>
      {trouble !== null && <Trouble text={trouble} />}
      {clusters.value !== null && names.length === 0 && (
        <p class="card warn">This server has no cluster: its operator adds one to the configuration.</p>
      )}
      <div class="columns">
        <form class="card" onSubmit={event => void submit(event)} aria-label="The job">
          <fieldset class="presets">
            <legend>What to train</legend>
            {WAYS.map(way => (
              <label class="preset" key={way}>
                <input
                  type="radio"
                  name="way"
                  checked={form.way === way}
                  onChange={() => setForm(withWay(form, way))}
                />
                <b>{PRESETS[way].title}</b>
                <span>{PRESETS[way].text}</span>
              </label>
            ))}
          </fieldset>
          {form.way === 'json' ? (
            <Field
              {...field}
              name="json"
              label="Request"
              rows={22}
              {...(problem === undefined ? {} : { hint: problem })}
            />
          ) : (
            <>
              <div class="form-grid">
                <Field {...field} name="name" label="Name" />
                <Field
                  {...field}
                  name="epochs"
                  label="Epochs"
                  number
                  {...(form.way === 'command' ? { hint: 'leave it out where it is not known' } : {})}
                />
                <Field {...field} name="seed" label="Seed" number hint="the same seed, the same weights" />
              </div>
              {readsFiles(form.way) && (
                <Field
                  {...field}
                  name="directory"
                  label="Folder of the data"
                  hint="on a file system that the nodes see"
                />
              )}
              {form.way === 'command' && (
                <Field {...field} name="command" label="Command" rows={5} hint="a word a line; no shell reads it" />
              )}
              <div class="form-grid">
                <Field {...field} name="cluster" label="Cluster" choices={names.map(name => [name, name])} />
                {partitions.length > 0 ? (
                  <Field
                    {...field}
                    name="partition"
                    label="Partition"
                    choices={partitions.map(one => [one.name, `${one.name}${gpusText(one.gpus)}`])}
                  />
                ) : (
                  <Field {...field} name="partition" label="Partition" hint="nobody has asked this cluster yet" />
                )}
                <Field
                  {...field}
                  name="timeLimitMinutes"
                  label="Time limit, minutes"
                  number
                  hint={partition?.maxTimeMinutes == null ? '' : `at most ${partition.maxTimeMinutes} at a time`}
                />
              </div>
              <div class="form-grid">
                <Field {...field} name="cpus" label="CPUs" number />
                <Field {...field} name="memoryMiB" label="Memory, MiB" number />
                <Field
                  {...field}
                  name="gpus"
                  label="GPUs"
                  number
                  hint={(partition?.gpus.length ?? 0) > 0 ? '' : 'this partition has none'}
                />
                {gpuTypes.length > 0 && (
                  <Field
                    {...field}
                    name="gpuType"
                    label="GPU type"
                    choices={[['', 'any'], ...gpuTypes.map(type => [type, type] as const)]}
                  />
                )}
              </div>
              <details open={folded}>
                <summary>More</summary>
                <div class="form-grid">
                  {form.way !== 'command' && (
                    <Field {...field} name="backend" label="Backend" choices={BACKENDS.map(name => [name, name])} />
                  )}
                  <Field
                    {...field}
                    name="environment"
                    label="Environment"
                    hint="ml@3, or the id of a lock; empty: none"
                  />
                  <Field {...field} name="account" label="Account" />
                  <Field {...field} name="qos" label="QOS" />
                  <Field {...field} name="constraint" label="Constraint" />
                  <Field {...field} name="reservation" label="Reservation" />
                  <Field {...field} name="labels" label="Labels" hint="team=vision run=3" />
                </div>
              </details>
            </>
          )}
          <div class="row">
            <button type="submit" class="primary" disabled={sending || !complete || tried?.kind === 'refused'}>
              {sending ? 'Submitting' : 'Submit'}
            </button>
            <span class="small faint" role="status">
              {tried?.kind === 'refused' ? 'It would be refused as it is.' : ''}
            </span>
          </div>
        </form>
        <Answer tried={complete ? tried : null} asking={asking} request={request} />
      </div>
    </Page>
  )
}

const gpusText = (gpus: readonly { type: string | null; perNode: number }[]): string =>
  gpus.length === 0 ? '' : ` (${gpus.map(({ type, perNode }) => `${perNode} × ${type ?? 'GPU'}`).join(', ')})`
