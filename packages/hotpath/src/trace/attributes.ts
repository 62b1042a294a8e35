/** Attributes as OpenTelemetry has them; null and nested values do not occur. */
export type AttributeValue = string | number | boolean | readonly string[] | readonly number[]
export type Attributes = Record<string, AttributeValue>
