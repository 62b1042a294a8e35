import { Dialog } from '../frame/dialog.js'
import { change, go, linkTo, type Place } from '../place/place.js'
import { Copy } from '../say/copy.js'
import { Panel } from '../state/states.js'
import { Fixes } from './fixes.js'
import { useFinding } from './use-finding.js'

/** The fixes of a finding over whatever view is open: `?fix=ID`. */
export function FixDialog({ place }: { place: Place }) {
  const id = place.params.get('fix')
  return id === null || !/^[0-9a-f]{4,8}$/.test(id) ? null : <Open key={id} id={id} place={place} />
}

function Open({ id, place }: { id: string; place: Place }) {
  const asked = useFinding(place, id)
  const finding = asked.answer?.finding
  const close = (): void => change({ fix: null })
  const command = `npx hotpath show ${id}`
  return (
    <Dialog name="Fix" kind="fix" close={close}>
      <div class="dialog-head">
        <div class="cut">
          <h2 class="cut">{finding?.title ?? `Finding ${id}`}</h2>
          {finding !== undefined && (
            <span class="muted">
              {finding.route}
              {finding.where && (
                <>
                  {' · '}
                  <code>
                    {finding.where.file}:{finding.where.line}
                  </code>
                </>
              )}
            </span>
          )}
        </div>
        <button class="button quiet" onClick={close}>
          Close
        </button>
      </div>
      <Panel asked={asked} rows={5}>
        {answer => <Fixes fixes={answer.finding.fixes} />}
      </Panel>
      <div class="dialog-foot muted small">
        <span>
          In the terminal: <code>{command}</code> <Copy text={command} />
        </span>
        <button class="link strong" onClick={() => go(linkTo(`/findings/${id}`))}>
          All about this finding
        </button>
      </div>
    </Dialog>
  )
}
