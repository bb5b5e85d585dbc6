// A fault of the page stays where it is: the bar goes on, the person reads what happened and can go on elsewhere.
import { Component, type ComponentChildren } from 'preact'
import { TextBox } from './text-box.tsx'

interface Held {
  /** Another place: what failed there is over. */
  place: string
  children: ComponentChildren
}

export class ErrorBoundary extends Component<Held, { fault: Error | null; place: string }> {
  override state = { fault: null as Error | null, place: this.props.place }

  static override getDerivedStateFromProps({ place }: Held, state: { place: string }) {
    return state.place === place ? null : { fault: null, place }
  }

  override componentDidCatch(fault: Error): void {
    console.error(fault)
    this.setState({ fault })
  }

  override render() {
    const { fault } = this.state
    if (fault === null) return this.props.children
    return (
      <main class="page">
        <div class="card bad" role="alert">
          <h1>This part of the page has a fault</h1>
          <p>Jobs are not touched by it. The browser's console has the whole of it:</p>
          <TextBox>{String(fault)}</TextBox>
          <div class="row">
            <button type="button" onClick={() => this.setState({ fault: null })}>
              Try again
            </button>
          </div>
        </div>
      </main>
    )
  }
}
