/**
 * The one table of this package's errors: what happened, and what to do. `{name}` is filled in.
 * Every message reads alone on one line of a terminal.
 */
export const errors = {
  HOTPATH_CONFIG_KEY: '{file}: unknown key "{key}". {hint}',
  HOTPATH_CONFIG_VALUE: '{file}: "{key}" must be {expected}, not {got}.',
  HOTPATH_CONFIG_LOAD: '{file} could not be loaded: {reason}.',
  HOTPATH_ENVIRONMENT: '{key} must be {expected}.',
  HOTPATH_CONFIG_TYPESCRIPT:
    '{file}: this Node ({version}) does not read TypeScript. Use Node 22.18 or later, or rename it to hotpath.config.js and leave out the types.',
  HOTPATH_OTEL_VERSION:
    '{file}: the version of this copy of @opentelemetry/api was not found, so spans made with it do not join the traces. Install @opentelemetry/api beside the app, also when it is bundled.',
} as const

export type ErrorCode = keyof typeof errors

/** Something that is wrong with what we were given: a value, not an exception. */
export interface Problem {
  readonly code: ErrorCode
  readonly message: string
}

/** `problem('HOTPATH_CONFIG_LOAD', { file, reason })` */
export function problem(code: ErrorCode, details: Readonly<Record<string, string>>): Problem {
  const message = errors[code].replace(/\{(\w+)\}/g, (_, name: string) => details[name] ?? '')
  return { code, message: message.trim() }
}
