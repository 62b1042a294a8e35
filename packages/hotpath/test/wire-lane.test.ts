import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Lane } from '../dist/gate/wire/lane.js'

/** One message of PostgreSQL's protocol. */
function message(kind: string, body = ''): Buffer {
  const bytes = Buffer.from(`${kind}    ${body}`)
  bytes.writeInt32BE(bytes.length - 1, 1)
  return bytes
}

const ready = message('Z', 'I')

test('a connection is not idle before the server has said that it may be asked', () => {
  const lane = new Lane()
  lane.outgoing(message('p', 'a password'))
  assert.equal(lane.isIdle, false)
  lane.incoming(ready)
  assert.equal(lane.isIdle, true)
})

test('nor between the first message of a statement and its answer', () => {
  const lane = new Lane()
  lane.incoming(ready)
  for (const sent of [
    message('P', '\0update menu set price = $1\0\0\0'),
    message('B'),
    message('E'),
    message('S'),
  ]) {
    lane.outgoing(sent)
    assert.equal(lane.isIdle, false, String(sent[0]))
  }
  lane.incoming(ready)
  assert.equal(lane.isIdle, true)
})
