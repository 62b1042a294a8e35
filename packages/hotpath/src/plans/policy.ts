/** Whether the database is asked how it runs slow statements; a field of an object, so that gates see the change. */
export const plans = { looked: false }
