import type { FindingAnswer } from '../../src/api/answers.js'
import { useAnswer } from '../ask/use-answer.js'
import { Dialog } from '../frame/dialog.js'
import { change, go, linkTo, type Place } from '../place/place.js'
import { questionOf } from '../place/question.js'
import { Copy } from '../say/copy.js'
import { Panel } from '../state/states.js'
import { Fixes } from './fixes.js'

/** The fixes of a finding over whatever view is open: `?fix=ID`. */
export function FixDialog({ place }: { place: Place }) {
  const id = place.params.get('fix')
  return id === null || !/^[0-9a-f]{4,8}$/.test(id) ? null : <Open key={id} id={id} place={place} />
}

function Open({ id, place }: { id: string; place: Place }) {
  const asked = useAnswer<FindingAnswer>(questionOf(place, `findings/${id}`), null)
  const close = (): void => change({ fix: null })
  const command = `npx hotpath show ${id}`
  return (
    <Dialog name="Fix" kind="fix" close={close}>
      <Panel asked={asked} rows={5}>
        {({ finding }) => (
          <>
            <div class="dialog-head">
              <div class="cut">
                <h2 class="cut">{finding.title}</h2>
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
              </div>
              <button class="button quiet" onClick={close}>
                Close
              </button>
            </div>
            <Fixes fixes={finding.fixes} />
            <div class="dialog-foot muted small">
              <span>
                In the terminal: <code>{command}</code> <Copy text={command} />
              </span>
              <button class="link strong" onClick={() => go(linkTo(`/findings/${finding.id}`))}>
                All about this finding
              </button>
            </div>
          </>
        )}
      </Panel>
    </Dialog>
  )
}
