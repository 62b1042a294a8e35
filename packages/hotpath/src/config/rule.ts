/** What one key of the config may say. */
export interface Rule {
  readonly expected: string
  readonly check: Check
  readonly keys?: Readonly<Record<string, Rule>>
  /** The same where they depend on the value; undefined: any. */
  readonly keysOf?: (value: object) => Readonly<Record<string, Rule>> | undefined
  /** Of a record whose keys are the user's: what each of its values may say. */
  readonly each?: Rule
}
export type Check = (value: unknown) => boolean

export const isText: Check = value => typeof value === 'string' && value !== ''
export const isRecord: Check = value =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
