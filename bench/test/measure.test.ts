import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { test } from 'node:test'
import { descendantsCpuUs, treeCpuUs } from '../measure/cpu.js'
import { interleave } from '../measure/interleave.js'
import { lastLine } from '../measure/line.js'
import { seeded } from '../statistics/shuffle.js'

test('all arms run in every round, in orders that differ', async () => {
  const ran: string[] = []
  const arm = (name: string) => async (): Promise<number> => ran.push(name)
  const rounds = await interleave({ on: arm('on'), off: arm('off'), aa: arm('aa') }, 20, seeded(3))
  assert.equal(rounds.length, 20)
  const orders = new Set<string>()
  for (let at = 0; at < ran.length; at += 3) {
    const order = ran.slice(at, at + 3)
    assert.deepEqual(order.toSorted(), ['aa', 'off', 'on'])
    orders.add(order.join())
  }
  assert.ok(orders.size > 3, [...orders].join(' '))
})

test('the last line gives each figure with half of its interval, and none that was not resolved', () => {
  const line = lastLine('intake', [
    { name: 'vs_appender', estimate: { value: 0.61, low: 0.58, high: 0.65 }, digits: 3 },
    { name: 'p95_ms', estimate: { value: 41, low: Number.NaN, high: Number.NaN }, digits: 1 },
  ])
  assert.equal(line, 'intake: vs_appender=0.610 vs_appender_hw=0.035 p95_ms=41.0')
})

/** Burns processor time in a worker thread and in a child, says how much each saw, and stays. */
const program = `
  const { Worker, isMainThread, parentPort } = require('node:worker_threads')
  const { fork } = require('node:child_process')
  const burn = () => {
    const us = () => { const { user, system } = process.cpuUsage(); return user + system }
    const from = us()
    while (us() - from < 200_000);
    return us()
  }
  if (process.argv[1] === 'child') { process.send(burn()); process.on('disconnect', () => process.exit()) }
  else {
    const code = ${'`'}require('node:worker_threads').parentPort.postMessage((\${burn})())${'`'}
    new Worker(code, { eval: true }).once('message', own => {
      const child = fork('-e', [], { execArgv: ['-e', process.env.PROGRAM, 'child'] })
      child.once('message', childs => process.send({ own, childs }))
    })
    process.on('disconnect', () => process.exit())
  }
`

test('processor time of a process is that of its threads and its children', {
  skip: process.platform === 'linux' ? false : 'reads /proc',
}, async () => {
  const child = spawn(process.execPath, ['-e', program], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    env: { ...process.env, PROGRAM: program },
  })
  try {
    const [{ own, childs }] = (await once(child, 'message')) as [{ own: number; childs: number }]
    const pid = child.pid ?? 0
    // Both are cut to hundredths of a second by the kernel.
    assert.ok(treeCpuUs(pid) >= own + childs - 40_000, `${treeCpuUs(pid)} of ${own} and ${childs}`)
    assert.ok(descendantsCpuUs(pid) >= childs - 20_000, `${descendantsCpuUs(pid)} of ${childs}`)
    assert.ok(descendantsCpuUs(pid) < treeCpuUs(pid))
  } finally {
    child.kill()
    await once(child, 'exit')
  }
  assert.throws(() => treeCpuUs(child.pid ?? 0), /no process/)
})
