import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { type RunningShop, startShop } from './running-shop.js'

let shop: RunningShop
before(async () => {
  shop = await startShop()
})
after(() => shop.stop())

/** Asks the shop and expects `status`; a body makes it a POST. */
async function ask<T>(path: string, status = 200, body?: unknown): Promise<T> {
  const response = await fetch(`${shop.url}${path}`, {
    ...(body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) }),
    headers: { 'content-type': 'application/json' },
  })
  const text = await response.text()
  assert.equal(response.status, status, `${path}: ${text}`)
  return JSON.parse(text) as T
}

type Row = Record<string, unknown>

describe('members', () => {
  test('the members’ page lists all 1,000 with their own address', async () => {
    const page = await ask<{ id: number; full_name: string; address: Row }[]>('/users')
    assert.equal(page.length, 1_000)
    assert.deepEqual(page[41], {
      id: 42,
      full_name: 'User 42',
      email: 'user42@example.com',
      loyalty_points: 54,
      address: { street: 'Mill Lane 42', city: 'Graz', postal_code: '32598' },
    })
  })

  test('one member by number, 404 for a number that nobody has, 400 for no number', async () => {
    assert.equal((await ask<Row>('/users/7')).full_name, 'User 7')
    assert.deepEqual(await ask('/users/1001', 404), { error: 'user not found' })
    assert.match((await ask<{ error: string }>('/users/seven', 400)).error, /^id must be a whole/)
  })

  test('a profile has fifty fields', async () => {
    const profile = await ask<Row>('/users/7/profile')
    assert.equal(Object.keys(profile).length, 50)
    assert.equal(profile.nickname, 'nick7')
  })

  test('a member’s orders, the last one first', async () => {
    const orders = await ask<{ id: number; label: string }[]>('/users/8/orders')
    assert.deepEqual(
      orders.map(({ id }) => id),
      [5001, 4001, 3001, 2001, 1001, 1],
    )
  })

  test('a branch that closes takes off what it sold, and then nothing more', async () => {
    const out = async () => (await ask<Row[]>('/stock/shortages')).length
    const before = await out()
    assert.deepEqual(await ask('/stock/3/closing', 200, {}), { articles: 1_000 })
    const after = await out()
    assert.ok(after > before)
    await ask('/stock/3/closing', 200, {})
    assert.equal(await out(), after)
  })

  test('the right password opens a session, any other does not', async () => {
    const email = 'user5@example.com'
    const session = await ask<Row>('/sessions', 201, { email, password: 'espresso' })
    assert.equal(session.user_id, 5)
    await ask('/sessions', 401, { email, password: 'ristretto' })
    await ask('/sessions', 401, { email: 'nobody@example.com', password: 'espresso' })
  })
})

describe('subscribers', () => {
  test('are found by e-mail and by number', async () => {
    const found = await ask<{ id: number }>('/subscribers/lookup?email=reader150000@example.com')
    assert.equal(found.id, 150_000)
    assert.deepEqual(await ask('/subscribers/150000'), found)
    await ask('/subscribers/lookup?email=reader200001@example.com', 404)
    await ask('/subscribers/lookup', 400)
  })
})

describe('the menu and the catalogue', () => {
  test('the menu has all products by category, best sellers first', async () => {
    const menu = await ask<Record<string, { sold: number }[]>>('/menu')
    assert.deepEqual(Object.keys(menu), ['beans', 'coffee', 'cold', 'pastry'])
    const sold = Object.values(menu).map(dishes => dishes.map(dish => dish.sold))
    assert.equal(sold.flat().length, 120)
    for (const section of sold)
      assert.deepEqual(
        section,
        section.toSorted((a, b) => b - a),
      )
  })

  test('the catalogue comes page by page', async () => {
    const ids = async (query: string): Promise<number[]> =>
      (await ask<{ id: number }[]>(`/products${query}`)).map(({ id }) => id)
    assert.equal((await ids('')).length, 20)
    assert.equal((await ids('?after=20'))[0], 21)
    assert.deepEqual(await ids('?after=118'), [119, 120])
    assert.deepEqual(await ids('/several?ids=8,3,5'), [3, 5, 8])
    await ask('/products/several?ids=3,x', 400)
  })

  test('reviews come all at once, newest first', async () => {
    const reviews = await ask<{ id: number }[]>('/reviews')
    assert.equal(reviews.length, 5_000)
    assert.equal(reviews[0]?.id, 5_000)
  })
})

describe('orders', () => {
  test('an order is kept with its lines, and its mail is sent before the answer', async () => {
    const mails = shop.mail.taken
    const lines = [
      { product_id: 3, quantity: 2 },
      { product_id: 9, quantity: 1 },
    ]
    const { id } = await ask<{ id: number }>('/orders', 201, { user_id: 42, lines })
    assert.equal(shop.mail.taken, mails + 1)
    const kept = await ask<Record<string, number>[]>(`/orders/${id}`)
    assert.deepEqual(
      kept.map(({ quantity, unit_cents, total_cents }) => ({ quantity, unit_cents, total_cents })),
      [
        { quantity: 2, unit_cents: 219, total_cents: 735 },
        { quantity: 1, unit_cents: 297, total_cents: 735 },
      ],
    )
    await ask('/orders', 404, { user_id: 4_000, lines })
    await ask('/orders', 400, { user_id: 42, lines: [] })
  })

  test('progress is told at once for what is ready, and after a while for what is not', async () => {
    assert.deepEqual(await ask('/orders/11/progress'), { state: 'ready' })
    assert.deepEqual(await ask('/orders/10/progress'), { state: 'placed' })
  })

  test('the archive holds every order once, a line each', async () => {
    const response = await fetch(`${shop.url}/orders/archive`)
    const lines = (await response.text()).trimEnd().split('\n')
    const ids = lines.map(line => (JSON.parse(line) as { id: number }).id)
    assert.deepEqual(
      ids.slice(0, 6_000),
      Array.from({ length: 6_000 }, (_, i) => i + 1),
    )
  })

  test('a receipt prints each line with its tax', async () => {
    const receipt = await ask<{ region: string; printed: Row[] }>('/receipts/1')
    assert.equal(receipt.region, 'south')
    assert.equal(receipt.printed.length, 8)
    for (const line of receipt.printed) {
      const { quantity, unit_cents } = line as { quantity: number; unit_cents: number }
      assert.equal(line.tax_cents, Math.round(quantity * unit_cents * 0.13))
    }
  })
})

describe('branches, beans and the back office', () => {
  test('branches have hours for seven days', async () => {
    assert.equal((await ask<Row[]>('/branches')).length, 12)
    assert.equal((await ask<Row[]>('/branches/3/hours')).length, 7)
  })

  test('the stock of a bean comes from the roastery', async () => {
    const bean = await ask<{ id: number; roast: { kilograms_left: number } }>('/beans/7/stock')
    assert.equal(bean.id, 7)
    assert.equal(bean.roast.kilograms_left, 22)
    await ask('/beans/41/stock', 404)
  })

  test('a delivery is booked whole or not at all', async () => {
    const supplier = 'Highland Farmers'
    const good = { bean_id: 1, kilograms: 60 }
    const first = await ask<{ id: number }>('/deliveries', 201, { supplier, sacks: [good, good] })
    // Bean 41 does not exist: the database refuses the second sack, and the first one goes too.
    const sacks = [good, { bean_id: 41, kilograms: 60 }]
    await ask('/deliveries', 500, { supplier, sacks })
    const next = await ask<{ id: number }>('/deliveries', 201, { supplier, sacks: [good] })
    assert.equal(next.id, first.id + 2)
  })

  test('the sales report sums up every order', async () => {
    const report = await ask<{ sales: Row[]; favourites: Row[] }>('/reports/sales')
    assert.equal(report.sales.length, 12)
    assert.equal(report.favourites.length, 10)
  })

  test('what nobody knows is 404, what cannot be read is 400', async () => {
    assert.deepEqual(await ask('/tea', 404), { error: 'no such path: GET /tea' })
    const broken = await fetch(`${shop.url}/orders`, {
      method: 'POST',
      body: '{',
      headers: { 'content-type': 'application/json' },
    })
    assert.equal(broken.status, 400)
  })
})

test('told to stop, both services finish and end with code 0', async () => {
  // An order takes 300 ms for its mail: under way when the signal comes, it is still answered.
  const slow = ask('/orders', 201, { user_id: 1, lines: [{ product_id: 1, quantity: 1 }] })
  const mails = shop.mail.taken
  while (shop.mail.taken === mails) await new Promise(resolve => setImmediate(resolve))
  await shop.processes.stop()
  await slow
  assert.equal(shop.processes.succeeded, true, shop.processes.output)
})
