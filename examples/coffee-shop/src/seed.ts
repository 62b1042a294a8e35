/**
 * Fills the shop's tables, the same rows every time, in one transaction: `node dist/src/seed.js`.
 * What the shop's tables held before is gone; nothing outside their schema is touched.
 */
import { scryptSync } from 'node:crypto'
import { Client } from 'pg'
import { connection } from './db.js'
import { passwordCost } from './password.js'
import { createSchema, createTables, tableNames } from './tables.js'

/** Keeps two seeds of one database apart; the number means nothing. */
const SEED_LOCK = 728_310_455

/** Everybody's password is `espresso`; one hash for all keeps the seed quick. */
const SALT = 'grinder'
const PASSWORD_HASH = scryptSync('espresso', SALT, 32, passwordCost).toString('hex')

const inserts: readonly string[] = [
  `insert into users (email, full_name, loyalty_points)
     select 'user' || i || '@example.com', 'User ' || i, i * 37 % 500
       from generate_series(1, 1000) i`,

  `insert into addresses (user_id, street, city, postal_code)
     select i, 'Mill Lane ' || i, (array['Turin', 'Lyon', 'Graz', 'Porto'])[1 + i % 4],
            lpad((i * 7919 % 100000)::text, 5, '0')
       from generate_series(1, 1000) i`,

  `insert into credentials (user_id, salt, password_hash)
     select i, '${SALT}', '${PASSWORD_HASH}' from generate_series(1, 1000) i`,

  // Some 600 bytes a row, as such tables are after a few years of notes.
  `insert into subscribers (email, full_name, subscribed_at, preferences, notes)
     select 'reader' || i || '@example.com', 'Reader ' || i,
            timestamptz '2021-01-01' + i * interval '10 minutes',
            jsonb_build_object('weekly', i % 2 = 0, 'topics', array['beans', 'events'],
                               'language', (array['it', 'fr', 'de', 'pt'])[1 + i % 4]),
            'Signed up at the counter of branch ' || (1 + i % 12) || '. ' ||
            repeat('Asked for the seasonal blend and oat milk. ', 9)
       from generate_series(1, 200000) i`,

  `insert into products (title, category, price_cents)
     select (array['Espresso', 'Lungo', 'Cortado', 'Flat white', 'Filter'])[1 + i % 5] || ' no. ' || i,
            (array['coffee', 'cold', 'pastry', 'beans'])[1 + i % 4], 180 + i * 13 % 620
       from generate_series(1, 120) i`,

  `insert into branches (label, street, city, opened_on)
     select 'Branch ' || i, 'Station Road ' || i,
            (array['Turin', 'Lyon', 'Graz', 'Porto'])[1 + i % 4], date '2012-03-01' + i * 200
       from generate_series(1, 12) i`,

  `insert into opening_hours (branch_id, weekday, opens_at, closes_at)
     select b, d, time '07:00', case when d < 6 then time '19:00' else time '15:00' end
       from generate_series(1, 12) b, generate_series(1, 7) d`,

  `insert into orders (user_id, branch_id, state, placed_at, total_cents)
     select 1 + i * 7 % 1000, 1 + i % 12, case when i % 10 = 0 then 'placed' else 'ready' end,
            timestamptz '2026-01-01' + i * interval '3 minutes', 300 + i * 29 % 2200
       from generate_series(1, 6000) i`,

  `insert into order_lines (order_id, product_id, quantity, unit_cents)
     select o, 1 + (o * 11 + l * 17) % 120, 1 + (o + l) % 3, 180 + (o * 11 + l * 17) * 13 % 620
       from generate_series(1, 6000) o, generate_series(1, 8) l`,

  `insert into receipts (order_id, region, issued_at)
     select i, (array['north', 'south', 'east', 'west'])[1 + i % 4],
            timestamptz '2026-01-01' + i * interval '3 minutes'
       from generate_series(1, 6000) i`,

  `insert into tax_rates (region, valid_from, rate_percent)
     select r, d, 8 + length(r) from unnest(array['north', 'south', 'east', 'west']) r,
            unnest(array[date '2020-01-01', date '2024-01-01']) d`,

  `insert into reviews (product_id, user_id, stars, remark, written_at)
     select 1 + i * 13 % 120, 1 + i * 3 % 1000, 1 + i % 5,
            'Tasted it on visit ' || i || ' and came back for more of it.',
            timestamptz '2025-01-01' + i * interval '1 hour'
       from generate_series(1, 5000) i`,

  `insert into beans (variety, origin)
     select (array['Bourbon', 'Caturra', 'Geisha', 'Typica'])[1 + i % 4] || ' ' || i,
            (array['Ethiopia', 'Colombia', 'Kenya', 'Peru'])[1 + i % 4]
       from generate_series(1, 40) i`,

  `insert into roasts (bean_id, roasted_at, kilograms_left)
     select b, timestamptz '2026-01-01' + r * interval '1 week', 5 + (b + r) % 40
       from generate_series(1, 40) b, generate_series(1, 50) r`,

  `insert into stock (branch_id, article, pieces, sold_today)
     select b, a, (a * 7919 + b) % 100, a % 5
       from generate_series(1, 12) b, generate_series(1, 1000) a`,

  `insert into profiles
     select i, 'nick' || i, 'they', date '1970-01-01' + i * 11, 'x', '+39 011 ' || i, '+39 012 ' || i,
            'Employer ' || i % 90, 'Profession ' || i % 40, repeat('Likes long mornings. ', 20),
            '/portraits/' || i || '.webp', '/banners/' || i || '.webp',
            'https://example.com/people/' || i, 'it', 'Europe/Rome', 'EUR', 'dark',
            'cortado', 'Geisha', 1 + i % 12, 'oat', i % 4, i % 3, 'glass', 0.25, i % 20,
            'filter', i % 6, 92, 'none', 'any', true, 'beans, events', false, false, true,
            1 + i * 5 % 1000, md5(i::text), date '2020-01-01' + i % 900,
            date '2025-01-01' + i % 300, i % 400, i * 130, i * 3, i % 50, i % 2,
            'debit', lpad((i % 10000)::text, 4, '0'), '12/29', repeat('Pays on time. ', 10),
            repeat('Greets everyone. ', 10)
       from generate_series(1, 1000) i`,
]

async function fillTables(client: Client): Promise<void> {
  await client.connect()
  await client.query('begin')
  await client.query('select pg_advisory_xact_lock($1)', [SEED_LOCK])
  await client.query(createSchema)
  await client.query(createTables)
  await client.query(`truncate ${tableNames.join(', ')} restart identity`)
  for (const insert of inserts) await client.query(insert)
  await client.query('commit')
  await client.query(`vacuum (analyze) ${tableNames.join(', ')}`)
}

const client = new Client(connection)
try {
  await fillTables(client)
} catch (error) {
  console.error(`the tables could not be filled: ${error instanceof Error ? error.message : error}`)
  process.exitCode = 1
} finally {
  await client.end().catch(() => {})
}
