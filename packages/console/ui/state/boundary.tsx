import { Component, type ComponentChildren } from 'preact'

/** A fault of ours in one part of the page stays in that part; the rest lives on. */
export class Boundary extends Component<{ children: ComponentChildren }, { fault: string | null }> {
  override state = { fault: null }

  static override getDerivedStateFromError(error: unknown): { fault: string } {
    return { fault: error instanceof Error ? error.message : String(error) }
  }

  override componentDidCatch(error: unknown): void {
    console.error(error)
  }

  override render() {
    if (this.state.fault === null) return this.props.children
    return (
      <div class="failure" role="alert">
        <p>
          <code class="chip bad">PAGE_FAULT</code>{' '}
          <span class="strong">The page failed here: {this.state.fault}</span>
        </p>
        <p class="muted">Reload it; if it fails again, please report it with this sentence.</p>
        <button class="button" onClick={() => location.reload()}>
          Reload
        </button>
      </div>
    )
  }
}
