import assert from 'node:assert/strict'
import { createServer, request as ask } from 'node:http'
import { type AddressInfo, isIP } from 'node:net'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { clientOf, plainAddress } from '../../dist/identity/address.js'
import { hopsOf } from '../../dist/identity/forwarded.js'
import { ClientAddresses } from '../../dist/identity/index.js'
import type { TrustProxy } from '../../dist/config/trust-proxy.js'

/** A request over a connection from `peer`. */
const from = (peer: string | undefined, ...rawHeaders: string[]) => ({
  rawHeaders,
  socket: { remoteAddress: peer },
})
const client = (trustProxy: TrustProxy | undefined, peer: string, ...headers: string[]) =>
  new ClientAddresses({ trustProxy }).of(from(peer, ...headers))

describe('whose request it is', () => {
  const peer = '203.0.113.9'

  test('is what the connection says, whatever a client writes into headers', () => {
    const spoofed = [
      'X-Forwarded-For',
      '10.0.0.1',
      'Forwarded',
      'for=10.0.0.1',
      'X-Real-IP',
      '1.1.1.1',
    ]
    assert.equal(client(undefined, peer, ...spoofed), peer)
    assert.equal(client(['10.0.0.0/8'], peer, ...spoofed), peer)
    assert.equal(client('loopback', peer, ...spoofed), peer)
  })

  test('is what a trusted proxy says; what is left of that the client wrote', () => {
    assert.equal(client(['10.0.0.0/8'], '10.1.2.3', 'X-Forwarded-For', `6.6.6.6, ${peer}`), peer)
    assert.equal(
      client('loopback', '::ffff:127.0.0.1', 'x-forwarded-for', `127.0.0.1,${peer}`),
      peer,
    )
    // Two proxies of ours, one behind the other.
    assert.equal(
      client(['10.0.0.0/8'], '10.1.2.3', 'X-Forwarded-For', `6.6.6.6, ${peer}, 10.9.9.9`),
      peer,
    )
    // Each proxy may have written a line of its own.
    assert.equal(
      client('private', '10.1.2.3', 'X-Forwarded-For', '6.6.6.6', 'X-Forwarded-For', peer),
      peer,
    )
  })

  test('of a number of proxies is the hop before them', () => {
    const told = ['X-Forwarded-For', `6.6.6.6, ${peer}, 192.0.2.1`]
    assert.equal(client(1, '192.0.2.2', ...told), '192.0.2.1')
    assert.equal(client(2, '192.0.2.2', ...told), peer)
    // Who came past the proxies is whoever the connection is from.
    assert.equal(client(2, '192.0.2.2'), '192.0.2.2')
  })

  test('stops at what is no address: then it is the hop that passed it on', () => {
    for (const odd of [
      'unknown',
      '',
      '1.2.3',
      '1.2.3.4.5',
      '256.1.1.1',
      '[::1',
      '10.0.0.1 evil',
      '_hidden',
    ])
      assert.equal(
        client(['10.0.0.0/8'], '10.1.2.3', 'X-Forwarded-For', `6.6.6.6, ${odd}, 10.9.9.9`),
        '10.9.9.9',
        odd,
      )
  })

  test('reads Forwarded where that is what the proxies write, and then no other', () => {
    const trust = { from: ['10.0.0.0/8'], header: 'forwarded' } as const
    const told = (value: string) =>
      client(trust, '10.1.2.3', 'X-Forwarded-For', '6.6.6.6', 'Forwarded', value)
    assert.equal(told('for=192.0.2.60;proto=http;by=10.0.0.9'), '192.0.2.60')
    assert.equal(told('proto=http; For="192.0.2.60:4711"'), '192.0.2.60')
    assert.equal(told('for="[2001:db8:cafe::17]:4711"'), '2001:db8:cafe:0:0:0:0:0/64')
    assert.equal(told('for=6.6.6.6, for="192.0.2.60";by="a,b;c"'), '192.0.2.60')
    // A client opened a quote that swallows what the proxy appended, if one reads from the left.
    assert.equal(told('for="6.6.6.6, for=192.0.2.60'), '192.0.2.60')
    assert.equal(told('for="6.6.6.6\\", for=192.0.2.60'), '192.0.2.60')
    for (const odd of [
      'for=unknown',
      'for=_hidden',
      'proto=http',
      'for=a;for=b',
      'for=2001:db8::1',
      'for',
    ])
      assert.equal(told(`for=6.6.6.6, ${odd}`), '10.1.2.3', odd)
  })

  test('is one client for a whole network of IPv6, and for each address of IPv4', () => {
    const of = (address: string, ipv6Prefix?: number) =>
      new ClientAddresses({ ipv6Prefix }).of(from(address))
    assert.equal(of('2001:db8:1:2:aaaa::1'), of('2001:DB8:1:2:bbbb:0:0:2'))
    assert.notEqual(of('2001:db8:1:2::1'), of('2001:db8:1:3::1'))
    assert.equal(of('2001:db8:1:2::1', 48), of('2001:db8:1:3::1', 48))
    assert.notEqual(of('2001:db8:1:2::1', 128), of('2001:db8:1:2::2', 128))
    assert.equal(of('::ffff:192.0.2.1'), '192.0.2.1')
    assert.equal(of('::ffff:c000:201'), '192.0.2.1')
    // Behind one translator are many clients of IPv4.
    assert.equal(of('64:ff9b::c000:201'), '192.0.2.1')
    assert.equal(of('fe80::1%eth0'), of('fe80::1'))
  })

  test('is nobody once the connection is gone', () => {
    assert.equal(
      new ClientAddresses({ trustProxy: 1 }).of(from(undefined, 'X-Forwarded-For', peer)),
      undefined,
    )
  })

  test('comes over a Unix socket from this machine', () => {
    const socket = { remoteAddress: undefined, server: { address: () => '/run/app.sock' } }
    const arrived = { rawHeaders: ['X-Forwarded-For', `6.6.6.6, ${peer}`], socket }
    assert.equal(new ClientAddresses({ trustProxy: 'loopback' }).of(arrived), peer)
    assert.equal(new ClientAddresses({ trustProxy: ['10.0.0.0/8'] }).of(arrived), undefined)
  })

  test('is told of a real request', async () => {
    const addresses = new ClientAddresses({ trustProxy: 'loopback' })
    const server = createServer((request, response) => response.end(addresses.of(request)))
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as AddressInfo
    const answer = await new Promise<string>((resolve, reject) => {
      const headers = { 'X-Forwarded-For': ['6.6.6.6', '203.0.113.9'] }
      ask({ port, host: '127.0.0.1', headers, agent: false }, response => {
        let text = ''
        response.on('data', chunk => (text += String(chunk))).on('end', () => resolve(text))
      })
        .on('error', reject)
        .end()
    })
    server.close()
    assert.equal(answer, '203.0.113.9')
  })
})

describe('for all headers', () => {
  const address = fc.oneof(fc.ipV4(), fc.ipV6())
  const bracketed = (text: string): string => (text.includes(':') ? `"[${text}]"` : text)
  /** What a client may have written: text with all that parsers trip over. */
  const rubbish = fc
    .array(
      fc.constantFrom(
        ',',
        '"',
        '\\',
        ';',
        '=',
        'for',
        '[',
        ']',
        ':',
        ' ',
        '1.2.3.4',
        '::',
        '%',
        '\t',
      ),
    )
    .map(parts => parts.join(''))

  for (const header of ['x-forwarded-for', 'forwarded'] as const)
    test(`${header}: what a client writes does not change what the proxy appended`, () => {
      fc.assert(
        fc.property(rubbish, address, fc.nat(65_535), (spoofed, real, port) => {
          const withPort = real.includes(':') ? `[${real}]:${port}` : `${real}:${port}`
          const forms =
            header === 'forwarded'
              ? [`for=${bracketed(real)}`, `by=_x;for="${withPort}"`]
              : [real, withPort]
          for (const form of forms) {
            const [nearest] = hopsOf(header, `${spoofed}, ${form}`)
            assert.equal(nearest, plainAddress(real))
          }
        }),
        { numRuns: 2_000 },
      )
    })

  test('the walk ends, in few steps, and tells nothing but addresses', () => {
    fc.assert(
      fc.property(fc.oneof(rubbish, fc.string({ maxLength: 3_000 })), text => {
        for (const header of ['x-forwarded-for', 'forwarded'] as const) {
          const hops = [...hopsOf(header, text.repeat(20))]
          assert.ok(hops.length <= 32)
          for (const hop of hops) assert.ok(hop === undefined || isIP(hop) > 0, String(hop))
        }
      }),
      { numRuns: 1_000 },
    )
  })

  test('a list of addresses is read back from its right end', () => {
    fc.assert(
      fc.property(fc.array(address, { minLength: 1, maxLength: 20 }), list => {
        const expected = list.map(each => plainAddress(each)).toReversed()
        assert.deepEqual([...hopsOf('x-forwarded-for', list.join(', '))], expected)
        const forwarded = list.map(each => `for=${bracketed(each)}`).join(',')
        assert.deepEqual([...hopsOf('forwarded', forwarded)], expected)
      }),
      { numRuns: 1_000 },
    )
  })

  test('an address has one form, and its network holds it', () => {
    fc.assert(
      fc.property(fc.ipV6(), fc.integer({ min: 32, max: 127 }), (text, prefix) => {
        const plain = plainAddress(text) as string
        assert.equal(plainAddress(plain), plain)
        const network = clientOf(plain, prefix)
        if (plain.includes(':'))
          assert.equal(clientOf(network.split('/')[0] as string, prefix), network)
      }),
      { numRuns: 2_000 },
    )
  })
})
