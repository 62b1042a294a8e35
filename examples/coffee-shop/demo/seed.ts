import { Service } from './service.js'

/** Fills the shop's tables by its own program. Throws what that program said when it failed. */
export async function seedDatabase(folder: string, databaseUrl: string): Promise<void> {
  const seed = new Service({
    label: 'the seed',
    args: ['dist/src/seed.js'],
    env: { DATABASE_URL: databaseUrl },
    folder,
  })
  await seed.ended
  if (!seed.succeeded) throw seed.failure()
}
