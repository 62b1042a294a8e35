import { type ClosedBlock, closedLoop, type ClosedResult } from './closed.js'
import { type OpenBlock, openLoop, type OpenResult } from './open.js'

export type Block = ClosedBlock | OpenBlock
export type ResultOf<B extends Block> = B extends ClosedBlock ? ClosedResult : OpenResult

/** The load's own process: it takes a `Block` from its parent and answers with what it came to. */
process.on('message', (block: Block) => {
  const result = block.kind === 'closed' ? closedLoop(block) : openLoop(block)
  result.then(
    driven => process.send?.({ driven }),
    (error: unknown) => process.send?.({ error: String(error) }),
  )
})
process.on('disconnect', () => process.exit())
