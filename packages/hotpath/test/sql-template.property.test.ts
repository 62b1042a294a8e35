import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { templateOf } from '../dist/sql/template.js'

/**
 * Statements are drawn from parts, and each piece of data in them carries the secret. `make` gives
 * the statement for one choice of data, so that the same statement can be made with other data.
 */
interface Drawn {
  readonly make: (data: number) => string
}

const SECRET = 'S3CR3T'
const seed = Date.now() % 1_000_000
const runs = { numRuns: 1_500, seed, verbose: 1 }
console.log(`# seed ${seed}`)

/** Text with what hurts inside of strings: quotes, backslashes, dollars, comments, parentheses, other scripts. */
const hostile = fc.string({
  unit: fc.constantFrom(
    "''",
    '\\\\',
    '$',
    '$$',
    '--',
    '/*',
    '*/',
    '"',
    '(',
    ',',
    '?',
    ' ',
    'é',
    '1',
    '\n',
    ';',
  ),
  maxLength: 6,
})

/** `n` makes the data differ; `SECRET` tells where it went. */
const literal = fc.oneof(
  hostile.map(text => (n: number) => `'${text}${SECRET}${n}'`),
  hostile.map(text => (n: number) => `E'\\'${text}${SECRET}${n}'`),
  hostile.map(text => (n: number) => `e'${SECRET}\\\\${n}${text}'`),
  fc.constant((n: number) => `U&'${SECRET}\\0061${n}'`),
  hostile.map(text => (n: number) => `$q$${text.replaceAll('$', '')}${SECRET}'${n}$q$`),
  fc.constant((n: number) => `$$${SECRET} it's ${n}$$`),
  fc.constant((n: number) => `B'${'01'.repeat(n + 1)}'`),
  fc.constant((n: number) => `X'${SECRET.length}F${n}'`),
  fc.constant((n: number) => `7777${n}`),
  fc.constant((n: number) => `-7777${n}`),
  fc.constant((n: number) => `7777.${n}e-7777`),
  fc.constant((n: number) => `.7777${n}`),
  fc.constant((n: number) => `0x7777AE${n}`),
  fc.constant((n: number) => `7_777_777${n}`),
  fc.constant((n: number) => (n % 2 === 0 ? 'TRUE' : 'false')),
)

const column = fc.constantFrom(
  'a',
  'users.name',
  '"Order"',
  '"it\'s"',
  'o.a1',
  'schema."T".c',
  'größe',
)
const blank = fc.constantFrom(
  ' ',
  '\n',
  '\t ',
  ` /* ${SECRET} ' */ `,
  ` -- ${SECRET} " '\n`,
  ' /* a /* b */ c */ ',
)
const comparison = fc.constantFrom(
  '=',
  '<',
  '>=',
  '<>',
  '~*',
  '->>',
  '@>',
  '||',
  '?|',
  ' like ',
  ' is distinct from ',
)

const condition: fc.Arbitrary<Drawn> = fc.oneof(
  fc.tuple(column, comparison, blank, literal).map(([left, operator, gap, right]) => ({
    make: (n: number) => `${left} ${operator}${gap}${right(n)}`,
  })),
  fc.tuple(column, fc.array(literal, { minLength: 1, maxLength: 4 })).map(([left, items]) => ({
    make: (n: number) => `${left} IN (${items.map(item => item(n)).join(', ')})`,
  })),
  fc.tuple(column, literal, literal).map(([left, low, high]) => ({
    make: (n: number) => `${left} between ${low(n)} and ${high(n)}`,
  })),
  fc.tuple(column, literal).map(([left, item]) => ({
    make: (n: number) => `${left} = any(array[${item(n)}, ${item(n + 1)}]::text[])`,
  })),
)

const statement: fc.Arbitrary<Drawn> = fc.oneof(
  fc.tuple(blank, fc.array(condition, { minLength: 1, maxLength: 4 })).map(([gap, conditions]) => ({
    make: (n: number) =>
      `select *${gap}from t where ${conditions.map(each => each.make(n)).join(`${gap}and `)} limit 7777${n}`,
  })),
  fc.tuple(blank, fc.array(literal, { minLength: 1, maxLength: 3 })).map(([gap, row]) => ({
    make: (n: number) => {
      const text = `(${row.map(item => item(n)).join(',')})`
      return `insert into t${gap}values ${text},${gap}${text} returning "id 1"`
    },
  })),
  fc.tuple(column, literal, condition).map(([left, item, where]) => ({
    make: (n: number) => `update t set ${left} = ${item(n)} where ${where.make(n)}`,
  })),
)

describe('templates, over drawn statements', () => {
  test('nothing of the data is left', () => {
    fc.assert(
      fc.property(statement, fc.nat(9), (drawn, n) => {
        const { text } = templateOf(drawn.make(n))
        assert.ok(!text.includes(SECRET) && !text.includes('7777') && !text.includes('777_'), text)
        assert.ok(!text.includes("'") || text.includes('"it\'s"'), text)
      }),
      runs,
    )
  })

  test('statements that differ in data only have one template', () => {
    fc.assert(
      fc.property(statement, fc.nat(9), fc.nat(9), (drawn, one, other) => {
        assert.equal(templateOf(drawn.make(one)).text, templateOf(drawn.make(other)).text)
      }),
      runs,
    )
  })

  test('the length of a list makes no other template', () => {
    const item = fc.oneof(
      literal,
      fc.constant(() => 'NULL'),
    )
    fc.assert(
      fc.property(fc.array(item, { minLength: 1, maxLength: 20 }), literal, (items, only) => {
        const many = `select 1 from t where a in (${items.map(each => each(1)).join(',')})`
        const row = (each: (n: number) => string) => `(${each(1)}, now(), ${only(2)})`
        const rows = `insert into t values ${items.map(row).join(', ')}`
        assert.equal(templateOf(many).text, 'select ? from t where a in (?)')
        assert.equal(templateOf(rows).text, 'insert into t values (?, now(), ?)')
      }),
      runs,
    )
  })

  test('parameters in lists leave no trace of how many they were', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 50 }), fc.boolean(), (length, before) => {
        const list = Array.from({ length }, (_, index) => `$${index + 1}`).join(', ')
        const text = before
          ? `select a from t where b = $${length + 1} and c in (${list})`
          : `select a from t where c in (${list}) and b = $${length + 1}`
        const expected = before
          ? 'select a from t where b = $2 and c in ($1)'
          : 'select a from t where c in ($1) and b = $2'
        assert.equal(templateOf(text).text, expected)
      }),
      runs,
    )
  })

  test('the template of a template is itself', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          statement.map(drawn => drawn.make(1)),
          noise,
        ),
        text => {
          const once = templateOf(text)
          const twice = templateOf(once.text)
          assert.equal(twice.text, once.text)
        },
      ),
      runs,
    )
  })

  test('any text at all is read without an exception, and never grows', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: 'binary', maxLength: 300 }), noise), text => {
        const template = templateOf(text)
        assert.equal(typeof template.text, 'string')
        assert.ok(template.text.length <= 2 * text.length + 2)
      }),
      runs,
    )
  })
})

/** What no statement looks like, made of what the reader looks for. */
const pieces = `' " $ $a$ -- /* */ \\ ( ) [ ] , ; ? - + . @ = in IN( values array[ null true is not set to with select from E U& $1 $2 1 5 x é ::`
const noise = fc.string({
  unit: fc.constantFrom(...pieces.split(' '), ' ', ' ', '\n', '\0'),
  maxLength: 40,
})

describe('templates, of long texts', () => {
  /** Work is counted, not time: how often the reader looks at a character. */
  const nasty: Record<string, (length: number) => string> = {
    'open parentheses': length => 'in ('.repeat(length / 4),
    'quotes and backslashes': length => "select '" + "\\\\''".repeat(length / 4),
    dollars: length => '$a'.repeat(length / 2),
    'comments in comments': length => '/*'.repeat(length / 2),
    rows: length => `insert into t values ${'(1,NULL),'.repeat(length / 9)}(1,2)`,
    signs: length => '= - '.repeat(length / 4),
    words: length => 'with a as '.repeat(length / 10),
  }
  for (const [title, make] of Object.entries(nasty)) {
    test(`${title}: ten times the text is not a hundred times the work`, () => {
      assert.ok(reads(make(90_000)) < 30 * reads(make(9_000)))
    })
  }
})

function reads(text: string): number {
  const original = String.prototype.charCodeAt
  let count = 0
  replaceCharCodeAt(function (this: string, at: number) {
    count++
    return original.call(this, at)
  })
  try {
    templateOf(text)
  } finally {
    replaceCharCodeAt(original)
  }
  return count
}

function replaceCharCodeAt(value: (this: string, at: number) => number): void {
  Reflect.set(String.prototype, 'charCodeAt', value)
}
