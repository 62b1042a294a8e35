import { styleText } from 'node:util'

type Style = Parameters<typeof styleText>[0]

/** What is drawn on: how wide it is and whether it shows colour. */
export interface Screen {
  readonly columns: number
  /** Adds colour; the text without it says the same. */
  readonly paint: Paint
  /** A command to go on with, as it is to be typed where this one was: see cli/suggest.ts. */
  readonly suggest: (command: string) => string
}

export type Tone = 'strong' | 'quiet' | 'hot' | 'good' | 'bad' | 'wait' | 'data' | 'out' | 'code'
export type Paint = (tone: Tone, text: string) => string

/** Colours of a terminal's own palette, so that they fit its theme: hot is its yellow, data its blue. */
const styles: Readonly<Record<Tone, Style>> = {
  strong: 'bold',
  quiet: 'dim',
  hot: ['bold', 'yellow'],
  good: 'green',
  bad: 'red',
  wait: 'yellow',
  data: 'blue',
  out: 'magenta',
  code: 'cyan',
}

export const bare: Paint = (_tone, text) => text

const coloured: Paint = (tone, text) =>
  text === '' ? '' : styleText(styles[tone], text, { validateStream: false })

/** UI drawings and tests are made for 80; a file or a pipe is read as wide. */
const usualColumns = 80
/** Wider than this, the eye loses the line. */
const mostColumns = 160

interface Output {
  readonly isTTY?: boolean
  readonly columns?: number
}

/** The screen that an output is. `NO_COLOR` (no-color.org) and `FORCE_COLOR` decide before the terminal. */
export function screenOf(
  output: Output,
  environment: NodeJS.ProcessEnv,
  suggest: Screen['suggest'] = command => command,
): Screen {
  const columns = output.isTTY ? (output.columns ?? usualColumns) : usualColumns
  return {
    // Narrower than 60 the tables would lose their figures: then the terminal wraps.
    columns: Math.min(mostColumns, Math.max(60, columns)),
    paint: hasColour(output, environment) ? coloured : bare,
    suggest,
  }
}

function hasColour(output: Output, environment: NodeJS.ProcessEnv): boolean {
  const forced = environment['FORCE_COLOR']
  if (forced !== undefined) return forced !== '0' && forced !== 'false'
  if (environment['NO_COLOR']) return false
  return output.isTTY === true && environment['TERM'] !== 'dumb'
}

/** Signs that stand for others where only ASCII is to be printed: each one column for one column. */
const asciiSigns: Readonly<Record<string, string>> = {
  '\u2009': ' ',
  µ: 'u',
  '…': '~',
  '·': '-',
  '×': 'x',
  '–': '-',
  '’': "'",
  '━': '=',
  '─': '-',
  '╍': '%',
  '│': '|',
  '├': '|',
  '└': '`',
  '█': '#',
  '▉': '#',
  '▊': '#',
  '▋': '#',
  '▌': '+',
  '▍': '+',
  '▎': '-',
  '▏': '-',
  '░': '.',
  '▇': '#',
  '▆': '*',
  '▅': '*',
  '▄': '+',
  '▃': '+',
  '▂': '.',
  '▁': '.',
  '›': '>',
  '→': '>',
}

/** The same text in ASCII, equally wide; what has no sign of its own becomes `?`. */
export function toAscii(text: string): string {
  return text.replace(/[^\u0000-\u007f]/gu, sign => asciiSigns[sign] ?? '?')
}
