import { change, type Place } from '../place/place.js'
import { Dialog } from './dialog.js'

const keys: readonly (readonly [keys: readonly string[], what: string])[] = [
  [['J', 'K'], 'next, previous row'],
  [['↵'], 'open'],
  [['F'], 'show the fix'],
  [['T'], 'the trace that a finding names'],
  [['C'], 'copy the command or the statement'],
  [['Y'], 'copy a link to this view'],
  [['/'], 'find'],
  [['←', '→'], 'fold, unfold'],
  [['P'], 'critical path only'],
  [['E'], 'every span, or folded'],
  [['Z'], 'zoom to the span, and back'],
  [['Ctrl K', '⌘ K'], 'go to route, trace, query'],
  [['Space'], 'pause, go on'],
  [['Esc'], 'back'],
]

export function HelpDialog({ place }: { place: Place }) {
  if (place.params.get('help') === null) return null
  const close = (): void => change({ help: null })
  return (
    <Dialog name="Keys" kind="help" close={close}>
      <div class="dialog-head">
        <h2>Keys</h2>
        <button class="button quiet" onClick={close}>
          Close
        </button>
      </div>
      <dl>
        {keys.map(([names, what]) => (
          <div key={what}>
            <dt>
              {names.map(name => (
                <span key={name} class="kbd">
                  {name}
                </span>
              ))}
            </dt>
            <dd>{what}</dd>
          </div>
        ))}
      </dl>
    </Dialog>
  )
}
