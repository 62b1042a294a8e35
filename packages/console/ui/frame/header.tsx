import type { AlertsAnswer, FindingsAnswer } from '../../src/api/answers.js'
import { useAway } from '../ask/connection.js'
import { togglePaused, usePaused } from '../ask/hold.js'
import { useAnswer } from '../ask/use-answer.js'
import { change, linkTo, type Place } from '../place/place.js'
import { questionOf } from '../place/question.js'
import { switchTheme, useTheme } from '../theme/theme.js'
import { ServicePicker } from './service-picker.js'
import { WindowPicker } from './window-picker.js'

export function Header({ place }: { place: Place }) {
  const findings = useAnswer<FindingsAnswer>(questionOf(place, 'findings'))
  const alerts = useAnswer<AlertsAnswer>('alerts', 15_000)
  const firing = alerts.answer?.alerts.filter(({ state }) => state === 'firing').length ?? 0
  const [, view = ''] = place.path.split('/')
  const current = { findings: '', compare: 'traces' }[view] ?? view
  const tab = (name: string, title: string, n = 0, bad = false) => (
    <a href={linkTo(`/${name}`)} aria-current={current === name ? 'page' : undefined}>
      {title}
      {n > 0 && <i class={bad ? 'bad' : undefined}>{n}</i>}
    </a>
  )
  return (
    <header class="top">
      <a class="logo" href={linkTo('/')} aria-label="Hotpath, findings">
        <svg width="18" height="18" viewBox="0 0 18 18" aria-hidden="true">
          <path d="M2 4h6M5 9h8M10 14h6" />
        </svg>
        <span>Hotpath</span>
      </a>
      <ServicePicker place={place} services={findings.answer?.services ?? []} />
      <nav aria-label="Main">
        {tab('', 'Findings', findings.answer?.findings.length)}
        {tab('routes', 'Routes')}
        {tab('statements', 'Statements')}
        {tab('traces', 'Traces')}
        {tab('watch', 'Watch', firing, true)}
      </nav>
      <span class="grow" />
      <button class="field go" onClick={() => change({ goto: '1' })}>
        <span class="words">Go to route, trace, query</span>
        <span class="kbd">{/Mac|iP/.test(navigator.userAgent) ? '⌘' : 'Ctrl\u2009'}K</span>
        <svg class="glass" width="16" height="16" viewBox="0 0 16 16" aria-hidden="true">
          <path d="M7 12A5 5 0 1 0 7 2a5 5 0 0 0 0 10ZM10.7 10.7 14 14" />
        </svg>
      </button>
      <WindowPicker place={place} />
      <Live />
      <ThemeButton />
    </header>
  )
}

function Live() {
  const paused = usePaused()
  const away = useAway()
  const word = away ? 'away' : paused ? 'paused' : 'live'
  return (
    <button
      class={`field live ${word}`}
      onClick={togglePaused}
      aria-pressed={paused}
      aria-label={paused ? 'Go on with live data' : 'Pause live data'}
      title={paused ? 'Go on (Space)' : 'Pause (Space)'}
    >
      <span class="dot" aria-hidden="true" />
      <span class="words">{word}</span>
    </button>
  )
}

function ThemeButton() {
  const theme = useTheme()
  const other = theme === 'dark' ? 'light' : 'dark'
  return (
    <button
      class="icon"
      onClick={switchTheme}
      aria-label={`Show in ${other}`}
      title={`Show in ${other}`}
    >
      <svg width="16" height="16" viewBox="0 0 16 16" aria-hidden="true">
        {theme === 'dark' ? (
          <path d="M8 11a3 3 0 1 0 0-6 3 3 0 0 0 0 6ZM8 1v1.5M8 13.5V15M1 8h1.5M13.5 8H15M3 3l1 1M12 12l1 1M13 3l-1 1M4 12l-1 1" />
        ) : (
          <path d="M13.5 9.7A6 6 0 0 1 6.3 2.5a6 6 0 1 0 7.2 7.2Z" />
        )}
      </svg>
    </button>
  )
}
