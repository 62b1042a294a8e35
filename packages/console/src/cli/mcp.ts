import type { Command } from 'commander'
import { withAnswers } from './ask.js'
import { tell } from './output.js'

interface McpOptions {
  readonly url?: string
  readonly store?: string
}

/** `hotpath mcp`: the findings for coding agents. */
export function addMcp(program: Command): void {
  program
    .command('mcp')
    .description('serve findings to a coding agent (Model Context Protocol, over stdio)')
    .option('--url <url>', 'ask this console (HOTPATH_URL; else http://127.0.0.1:4318)')
    .option('--store <file>', 'read this store file instead of asking a console')
    .addHelpText(
      'after',
      `
Example, in the configuration of an agent:
  { "mcpServers": { "hotpath": { "command": "npx", "args": ["hotpath", "mcp"] } } }

Tools: list_findings, read_finding, read_trace, verify_finding. docs/mcp.md says more.`,
    )
    .action(mcp)
}

async function mcp(options: McpOptions): Promise<void> {
  // 0.2 s of other commands' time.
  const { serveMcp } = await import('../mcp/server.js')
  const source = { ...options, directory: process.cwd(), environment: process.env, tell }
  await serveMcp(use => withAnswers(source, use))
}
