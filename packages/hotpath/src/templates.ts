/**
 * How the recorder takes the data out of statements and paths. Public as `hotpath/templates`, without
 * side effects, so that the console can make the telemetry of other senders equal to the recorder's.
 */
export { mysql } from './sql/mysql.js'
export { postgresql } from './sql/postgresql.js'
export { templateOf, type Template } from './sql/template.js'
export { pathTemplate } from './trace/path-template.js'
