import type { Command } from 'commander'
import { outsideTriggers } from 'hotpath/config'

/** Adds the command that prints the triggers by which tables tell of writes from outside. */
export function addTriggers(program: Command): void {
  program
    .command('triggers')
    .description('prints SQL that makes tables tell an app with Hotpath of every write')
    .argument('<tables...>', 'menu, shop.prices')
    .addHelpText(
      'after',
      '\nExample:\n  hotpath triggers menu prices | psql "$DATABASE_URL"\n\nThe app listens with invalidation: { listen } in its config: docs/invalidation.md.',
    )
    .action((tables: string[]) => void process.stdout.write(outsideTriggers(tables)))
}
