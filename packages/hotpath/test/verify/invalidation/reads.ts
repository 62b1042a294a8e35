import type { Random } from '../random.js'

/** One read: a statement and its parameters. */
export interface Read {
  readonly text: string
  readonly values: readonly unknown[]
}

type Template = readonly [text: string, values: (random: Random) => readonly unknown[]]

const none = (): readonly unknown[] => []
const id =
  (most: number) =>
  (random: Random): readonly unknown[] => [random.int(1, most)]

const templates: readonly Template[] = [
  ['select id, n from shops where id = $1', id(7)],
  ['select id, n from items where id = $1', id(32)],
  [
    'select id, n, changed from items where id in ($1, $2) order by id',
    r => [r.int(1, 31), r.int(1, 31)],
  ],
  ['select id, n from labels where id = $1', r => [`l${r.int(1, 13)}`]],
  ['select id, item, n from labels where id = $1 and n >= 0', r => [`l${r.int(1, 13)}`]],
  ['select name, n from totals where name = $1', r => [r.pick(['a', 'b', 'no', 'c'])]],
  ['select n from plain where id = $1', id(11)],
  ['select n from secret where id = $1', id(4)],
  ['select id, n from items where shop = $1 order by id', id(7)],
  ['select sum(n)::int as n, count(*)::int as c from items', none],
  ['select count(*)::int as c, coalesce(sum(n), 0)::int as n from log', none],
  [
    'select i.id, s.n from items i join shops s on s.id = i.shop where s.code = $1 order by i.id',
    r => [`c${r.int(1, 7)}`],
  ],
  ['select id, n, code from open_items where shop = $1 order by id', id(7)],
  ['select id, n, labels from wide where id = $1', id(31)],
  ['select id, n from few_shops order by id', none],
  ['select n from frozen', none],
  ['select count(*)::int as c, sum(no)::int as no from tickets', none],
  ['select id, half, n from parts where id = $1', id(11)],
  ['select sum(n)::int as n from parts_0', none],
  ['select sum(n)::int as n, count(*)::int as c from parts', none],
  ['select id, n from animals order by id', none],
  ['select n from animals where id = $1', id(9)],
  ['select n from cats where id = $1', r => [r.int(5, 8)]],
  ['select count_items($1) as n', id(7)],
  ['with big as (select * from items where n > 2) select count(*)::int as c from big', none],
  [
    'select l.id from labels l where exists (select 1 from items i where i.id = l.item and i.n > $1) order by 1',
    r => [r.int(0, 5)],
  ],
]

export function randomRead(random: Random): Read {
  const [text, values] = random.pick(templates)
  return { text, values: values(random) }
}

/** Each statement with a few of its parameters: what is compared when nobody writes. */
export function manyReads(random: Random): Read[] {
  return templates.flatMap(([text, values]) => {
    const times = values === none ? 1 : 3
    return Array.from({ length: times }, () => ({ text, values: values(random) }))
  })
}

export const keyOfRead = ({ text, values }: Read): string => JSON.stringify([text, values])
