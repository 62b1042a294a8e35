import { useEffect } from 'preact/hooks'
import { ComparePage } from '../compare/compare-page.js'
import { FindingPage } from '../finding/finding-page.js'
import { FixDialog } from '../finding/fix-dialog.js'
import { Overview } from '../overview/overview.js'
import { type Place, usePlace } from '../place/place.js'
import { RoutePage } from '../routes/route-page.js'
import { RoutesPage } from '../routes/routes-page.js'
import { StatementsPage } from '../statements/statements-page.js'
import { TracePage } from '../trace/trace-page.js'
import { TracesPage } from '../traces/traces-page.js'
import { useTokenNeeded } from '../ask/token.js'
import { WatchPage } from '../watch/watch-page.js'
import { Banner } from './banner.js'
import { FrameKeys } from './frame-keys.js'
import { GoToDialog } from './go-to.js'
import { Header } from './header.js'
import { HelpDialog } from './help.js'
import { Nowhere } from './nowhere.js'
import { TokenForm } from './token-form.js'

/** The whole page: its frame, and in it the view that the URL names. */
export function App() {
  const place = usePlace()
  const tokenNeeded = useTokenNeeded()
  const title = titleOf(place)
  useEffect(() => {
    document.title = `${title} · Hotpath`
  }, [title])
  if (tokenNeeded) return <TokenForm />
  return (
    <>
      <a class="skip" href="#content" onClick={skip}>
        Skip to the content
      </a>
      <Header place={place} />
      <Banner />
      <main id="content" tabIndex={-1}>
        <View place={place} />
      </main>
      <FrameKeys place={place} />
      <FixDialog place={place} />
      <GoToDialog place={place} />
      <HelpDialog place={place} />
    </>
  )
}

function View({ place }: { place: Place }) {
  const [, view = '', id] = place.path.split('/')
  // An alert's message links to /routes/NAME, a name that is encoded.
  const route = place.params.get('route') ?? (view === 'routes' && id ? decoded(id) : null)
  if (view === '') return <Overview place={place} />
  if (view === 'routes')
    return route === null ? <RoutesPage place={place} /> : <RoutePage place={place} route={route} />
  if (view === 'statements') return <StatementsPage place={place} />
  if (view === 'traces' && id !== undefined) return <TracePage place={place} id={id} />
  if (view === 'traces') return <TracesPage place={place} />
  if (view === 'findings' && id !== undefined) return <FindingPage key={id} place={place} id={id} />
  if (view === 'compare') return <ComparePage place={place} />
  if (view === 'watch') return <WatchPage place={place} />
  return <Nowhere />
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

function titleOf({ path, params }: Place): string {
  const [, view = '', id = ''] = path.split('/')
  if (view === 'routes') return params.get('route') ?? (id === '' ? 'Routes' : decoded(id))
  const names: Readonly<Record<string, string>> = {
    '': 'Findings',
    statements: 'Statements',
    traces: id === '' ? 'Traces' : `Trace ${id.slice(0, 8)}`,
    findings: `Finding ${id}`,
    compare: 'Compare two traces',
    watch: 'Watch',
  }
  return names[view] ?? 'Nothing here'
}

function skip(event: Event): void {
  event.preventDefault()
  document.getElementById('content')?.focus()
}
