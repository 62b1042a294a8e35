import { safeJson } from './draw/text.js'
import type { AskOptions } from './asking.js'
import { type Screen, screenOf, toAscii } from './draw/screen.js'
import { suggesting } from './suggest.js'

/** What every listing command can be told about its output. */
export interface OutputOptions {
  readonly json?: boolean
  readonly ascii?: boolean
}

/** Prints an answer: as it is with `--json`, else drawn. */
export function print<Answer>(
  answer: Answer,
  draw: (answer: Answer, screen: Screen) => readonly string[],
  options: AskOptions,
): void {
  if (options.json) {
    process.stdout.write(`${safeJson(answer)}\n`)
    return
  }
  const screen = screenOf(process.stdout, process.env, suggesting(options, process.env))
  const text = `${draw(answer, screen).join('\n')}\n`
  process.stdout.write(options.ascii ? toAscii(text) : text)
}

/** One line for a person on stderr, which leaves stdout to the answer. */
export function tell(sentence: string): void {
  process.stderr.write(`hotpath: ${sentence}\n`)
}

/** A reader that went away (`hotpath routes | head -1`) is no error of ours. */
export function endWithReader(): void {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(0)
    throw error
  })
}
