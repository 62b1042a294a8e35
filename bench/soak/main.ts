import { parseArgs } from 'node:util'
import { soakRecorder } from './recorder.js'

const usage = `npm run soak recorder [-- --minutes 10]

Runs an API with the recorder attached at 60 % of what it can do, and looks whether anything grows or is lost:
its heap after a collection, its listeners and handles, the requests that its histograms counted.

  --minutes N   how long (default 10)

Exit codes: 0 nothing grew and nothing was lost; 1 something did; 2 a command line that makes no sense.
`

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    minutes: { type: 'string', default: '10' },
    help: { type: 'boolean', default: false },
  },
})
const minutes = Number(values.minutes)
if (values.help) process.stdout.write(usage)
else if (positionals[0] !== 'recorder' || !(minutes > 0 && minutes <= 24 * 60)) {
  process.stderr.write(usage)
  process.exitCode = 2
} else process.exitCode = (await soakRecorder(minutes)) ? 0 : 1
