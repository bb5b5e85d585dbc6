// A field of a form: its label, what is known to fit, and what is wrong with what stands there.
import type { Finding } from '@trotline/contracts'
import type { Form } from './form.ts'

export interface FieldProps {
  form: Form
  name: keyof Form
  label: string
  onChange: (name: keyof Form, value: string) => void
  faults: ReadonlyMap<keyof Form, Finding>
  hint?: string
  /** What it may be; undefined: any text. */
  choices?: readonly (readonly [string, string])[]
  number?: boolean
  rows?: number
}

export function Field({ form, name, label, onChange, faults, hint, choices, number = false, rows }: FieldProps) {
  const fault = faults.get(name)
  const id = `field-${name}`
  const common = {
    id,
    value: form[name],
    'aria-invalid': fault !== undefined,
    'aria-describedby': `${id}-said`,
    onInput: (event: { currentTarget: { value: string } }) => onChange(name, event.currentTarget.value),
  }
  return (
    <div class="field">
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
    </div>
  )
}
