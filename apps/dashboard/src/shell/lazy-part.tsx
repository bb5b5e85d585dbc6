// A part of the page that is loaded when it is first shown: what nobody looks at costs nobody anything.
import type { ComponentType } from 'preact'
import { useEffect, useState } from 'preact/hooks'

/** @param load a dynamic import */
export function lazyPart<Props extends object>(load: () => Promise<ComponentType<Props>>): ComponentType<Props> {
  let loaded: ComponentType<Props> | null = null
  return function Lazy(props: Props) {
    const [Part, setPart] = useState<ComponentType<Props> | null>(() => loaded)
    const [fault, setFault] = useState<Error | null>(null)
    useEffect(() => {
      if (loaded !== null) return
      load().then(
        part => {
          loaded = part
          setPart(() => part)
        },
        (error: Error) => setFault(error),
      )
    }, [])
    if (Part !== null) return <Part {...props} />
    if (fault === null) return null
    return (
      <p class="faint">
        This part could not be loaded ({fault.message}). Reload the page: the server may have a newer one.
      </p>
    )
  }
}
