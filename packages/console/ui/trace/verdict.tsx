import type { TraceAnswer } from '../../src/api/answers.js'
import { change, linkTo } from '../place/place.js'

/** Where the time of the trace went, in a sentence; what was found in it; what is wrong with it. */
export function Verdict({ answer }: { answer: TraceAnswer }) {
  const [first, ...others] = answer.findings
  return (
    <section class="card verdict" aria-label="Verdict">
      <div>
        <p class="said">{answer.verdict}</p>
        {first !== undefined && (
          <p class="muted">
            Found in it:{' '}
            {[first, ...others].map((finding, i) => (
              <>
                {i > 0 && ', '}
                <a key={finding.id} class="link strong" href={linkTo(`/findings/${finding.id}`)}>
                  {finding.title}
                </a>
              </>
            ))}
          </p>
        )}
        {answer.problems.map(problem => (
          <p key={problem} class="small problem">
            {problem}
          </p>
        ))}
        {answer.notes.map(note => (
          <p key={note} class="small muted">
            {note}
          </p>
        ))}
      </div>
      {first !== undefined && (
        <button class="button main" onClick={() => change({ fix: first.id }, 'push')}>
          Show the fix <span class="kbd">F</span>
        </button>
      )}
    </section>
  )
}
