// A field of a form: its label, what is known to fit, and what is wrong with what stands there.
import type { Finding } from '@trotline/contracts'
import type { Form } from './form.ts'

export interface FieldProps {
  form: Form
  name: keyof Form
  label: string
  onChange: (name: keyof Form, value: string) => void
  faults: ReadonlyMap<keyof Form, Finding>
  /** What stood there at first, of a job that is asked for anew; null: there was none. */
  before: Form | null
  hint?: string
  /** What it may be; undefined: any text. */
  choices?: readonly (readonly [string, string])[]
  number?: boolean
  rows?: number
}

export function Field({
  form,
  name,
  label,
  onChange,
  faults,
  before,
  hint,
  choices,
  number = false,
  rows,
}: FieldProps) {
  const fault = faults.get(name)
  const id = `field-${name}`
  const was = before !== null && before[name] !== form[name] ? before[name] : null
  const common = {
    id,
    value: form[name],
    'aria-invalid': fault !== undefined,
    'aria-describedby': `${id}-said`,
    onInput: (event: { currentTarget: { value: string } }) => onChange(name, event.currentTarget.value),
  }
  return (
    <div class={was === null ? 'field' : 'field changed'}>
      <label for={id}>{label}</label>
      {choices !== undefined ? (
        <select {...common}>
          {choices.map(([value, text]) => (
            <option key={value} value={value}>
              {text}
            </option>
          ))}
        </select>
      ) : rows !== undefined ? (
        <textarea {...common} rows={rows} spellcheck={false} />
      ) : (
        <input {...common} type="text" inputMode={number ? 'numeric' : 'text'} spellcheck={false} autocomplete="off" />
      )}
      <span id={`${id}-said`} class={fault === undefined ? 'hint' : 'fault'}>
        {fault === undefined
          ? (hint ?? '')
          : [fault.detail, fault.required && `required: ${fault.required}`].filter(Boolean).join('; ')}
      </span>
      {was !== null && (
        <span class="hint">changed, was {was === '' ? 'empty' : was.length > 40 ? `${was.slice(0, 40)}…` : was}</span>
      )}
    </div>
  )
}
