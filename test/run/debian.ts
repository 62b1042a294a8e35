import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'

/** A program that tests run for real, and the Debian package that has it. */
interface Needed {
  readonly file: string
  readonly package: string
}

const vmods = `/usr/lib/${process.arch === 'arm64' ? 'aarch64' : 'x86_64'}-linux-gnu/varnish/vmods`

const needed: readonly Needed[] = [
  { file: '/usr/bin/chromium', package: 'chromium' },
  { file: '/usr/bin/promtool', package: 'prometheus' },
  { file: '/usr/bin/redis-server', package: 'redis-server' },
  { file: '/usr/bin/memcached', package: 'memcached' },
  { file: '/usr/sbin/mariadbd', package: 'mariadb-server' },
  { file: '/usr/lib/rabbitmq/bin/rabbitmq-server', package: 'rabbitmq-server' },
  {
    file: '/usr/share/postgresql/15/extension/hypopg.control',
    package: 'postgresql-15-hypopg',
  },
  { file: '/usr/sbin/pgbouncer', package: 'pgbouncer' },
  { file: '/usr/sbin/varnishd', package: 'varnish' },
  { file: `${vmods}/libvmod_xkey.so`, package: 'varnish-modules' },
  { file: '/usr/sbin/nginx', package: 'nginx' },
  {
    file: '/usr/lib/nginx/modules/ngx_http_cache_purge_module.so',
    package: 'libnginx-mod-http-cache-purge',
  },
]

/** Waits for another apt that runs, in place of failing at once. */
const apt = (...words: readonly string[]): boolean =>
  spawnSync('apt-get', ['-o', 'DPkg::Lock::Timeout=600', ...words], {
    stdio: 'ignore',
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
  }).status === 0

/**
 * Installs what tests run for real and is not there, once, before the first of them: two that install at a
 * time stand in each other's way. Only as root and where there is apt; without, those tests are skipped, each
 * with the name of its package. Says what it does, since it can take minutes.
 */
export function installNeeded(): void {
  const isThere = ({ file }: Needed): boolean => existsSync(file)
  const packages = needed.filter(one => !isThere(one)).map(one => one.package)
  if (packages.length === 0 || process.getuid?.() !== 0 || !existsSync('/usr/bin/apt-get')) return
  process.stdout.write(`Installing what tests run for real: ${packages.join(', ')}\n`)
  const install = (...names: readonly string[]): boolean =>
    apt('install', '-y', '--no-install-recommends', ...names)
  apt('update')
  // One that cannot be had must not keep the others away.
  if (!install(...packages)) for (const name of packages) install(name)
  const missing = needed.filter(one => !isThere(one)).map(one => one.package)
  if (missing.length > 0) process.stdout.write(`Could not be installed: ${missing.join(', ')}\n`)
}
