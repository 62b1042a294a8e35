/**
 * What the demo's callers ask for, as data: each route, how often, and whether it is clean, i.e.
 * whether a finding on it would be a false alarm. docs/coffee-shop.md says what is wrong with the
 * others.
 */
export interface RouteLoad {
  readonly method: 'GET' | 'POST'
  /** As the framework spells it. */
  readonly route: string
  readonly clean: boolean
  /** Requests in a whole run. */
  readonly requests: number
  /** The path of the n-th request to this route, n from 0 up. */
  path(n: number): string
  /** Its body, if it has one. */
  body?(n: number): unknown
}

/** Spreads n over 1 to `size`, the same way in every run. */
const pick = (n: number, size: number): number => 1 + ((n * 7_919) % size)

/** The fields of a profile that the app shows. */
const shown = [
  'nickname',
  'pronouns',
  'birthday',
  'portrait_path',
  'homepage',
  'language',
  'favourite_drink',
  'favourite_bean',
  'milk_kind',
  'brew_method',
].join(',')

export const loadProfile: readonly RouteLoad[] = [
  { method: 'GET', route: '/users', clean: false, requests: 24, path: () => '/users' },
  {
    method: 'GET',
    route: '/subscribers/lookup',
    clean: false,
    requests: 80,
    path: n => `/subscribers/lookup?email=reader${pick(n, 200_000)}@example.com`,
  },
  {
    method: 'GET',
    route: '/users/:id/profile',
    clean: false,
    requests: 80,
    // The app shows ten fields, and says so.
    path: n => `/users/${pick(n, 1_000)}/profile?fields=${shown}`,
  },
  { method: 'GET', route: '/menu', clean: false, requests: 120, path: () => '/menu' },
  {
    method: 'GET',
    route: '/receipts/:id',
    clean: false,
    requests: 80,
    path: n => `/receipts/${pick(n, 6_000)}`,
  },
  {
    method: 'POST',
    route: '/orders',
    clean: false,
    requests: 40,
    path: () => '/orders',
    body: n => ({
      user_id: pick(n, 1_000),
      lines: [
        { product_id: pick(n, 120), quantity: 1 },
        { product_id: pick(n + 1, 120), quantity: 2 },
      ],
    }),
  },
  {
    method: 'GET',
    route: '/branches/:id/hours',
    clean: false,
    requests: 40,
    path: n => `/branches/${pick(n, 12)}/hours`,
  },
  { method: 'GET', route: '/reviews', clean: false, requests: 30, path: () => '/reviews' },
  {
    method: 'GET',
    route: '/reports/sales',
    clean: false,
    requests: 40,
    path: () => '/reports/sales',
  },
  {
    method: 'GET',
    route: '/beans/:id/stock',
    clean: false,
    requests: 50,
    path: n => `/beans/${pick(n, 40)}/stock`,
  },
  {
    method: 'POST',
    route: '/sessions',
    clean: false,
    requests: 30,
    path: () => '/sessions',
    body: n => ({ email: `user${pick(n, 1_000)}@example.com`, password: 'espresso' }),
  },
  { method: 'GET', route: '/health', clean: true, requests: 60, path: () => '/health' },
  {
    method: 'GET',
    route: '/users/:id',
    clean: true,
    requests: 120,
    path: n => `/users/${pick(n, 1_000)}`,
  },
  {
    method: 'GET',
    route: '/users/:id/orders',
    clean: true,
    requests: 60,
    path: n => `/users/${pick(n, 1_000)}/orders`,
  },
  {
    method: 'GET',
    route: '/subscribers/:id',
    clean: true,
    requests: 60,
    path: n => `/subscribers/${pick(n, 200_000)}`,
  },
  {
    method: 'GET',
    route: '/orders/:id',
    clean: true,
    requests: 80,
    path: n => `/orders/${pick(n, 6_000)}`,
  },
  {
    method: 'GET',
    route: '/orders/:id/progress',
    clean: true,
    requests: 24,
    // Every tenth order is not ready: the answer comes after five looks.
    path: n => `/orders/${10 * pick(n, 600)}/progress`,
  },
  {
    method: 'GET',
    route: '/orders/archive',
    clean: true,
    requests: 20,
    path: () => '/orders/archive',
  },
  {
    method: 'GET',
    route: '/stock/shortages',
    clean: true,
    requests: 20,
    path: () => '/stock/shortages',
  },
  {
    method: 'POST',
    route: '/stock/:branch/closing',
    clean: true,
    requests: 24,
    path: n => `/stock/${pick(n, 12)}/closing`,
  },
  { method: 'GET', route: '/branches', clean: true, requests: 60, path: () => '/branches' },
  {
    method: 'GET',
    route: '/products',
    clean: true,
    requests: 80,
    path: n => `/products?after=${20 * (n % 6) || 1}`,
  },
  {
    method: 'GET',
    route: '/products/several',
    clean: true,
    requests: 60,
    path: n => `/products/several?ids=${[0, 1, 2, 3, 4].map(i => pick(n + i, 120)).join(',')}`,
  },
  {
    method: 'POST',
    route: '/deliveries',
    clean: true,
    requests: 30,
    path: () => '/deliveries',
    body: n => ({
      supplier: 'Highland Farmers',
      sacks: Array.from({ length: 12 }, (_, i) => ({ bean_id: pick(n + i, 40), kilograms: 60 })),
    }),
  },
]
