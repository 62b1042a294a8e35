'use strict'
// Plants a secret in every attribute that OpenTelemetry's conventions name, in every shape in which data
// comes, and in what instrumentations are known to set beside them.
const http = require('node:http')
const { trace } = require('@opentelemetry/api')
const conventions = require('@opentelemetry/semantic-conventions/incubating')
const { serve } = require('./serve.cjs')

const named = Object.entries(conventions)
  .filter(([constant]) => /^(?:ATTR|SEMATTRS|SEMRESATTRS)_/.test(constant))
  .map(([, name]) => (typeof name === 'function' ? name('key') : name))

const shapes = [
  'https://ann:s3cr3t@shop.example/a?token=s3cr3t#s3cr3t',
  'postgres://ann:s3cr3t@db.example:5432/shop',
  "select * from users where name = 's3cr3t'",
  'insert into users values ("s3cr3t")',
  '{"password":"s3cr3t"}',
  'password=s3cr3t',
  'ann:s3cr3t@shop.example',
  ['s3cr3t=1', 'AUTH "s3cr3t"'],
]

/** Data by their nature, whatever they look like. */
const never = `http.request.cookies http.response.cookies http.query http.user_agent
  http.request.header.authorization http.request.body http.request.body.content http.client_ip
  graphql.source graphql.document graphql.variables graphql.variables.name graphql.args
  db.mongodb.query db.redis.args db.redis.key db.user db.connection_string db.query.parameter.0
  db.operation.parameter.name db.cosmosdb.client_id db.row messaging.message.payload
  messaging.message.id messaging.message.body messaging.message.conversation_id
  messaging.kafka.message.key messaging.rabbitmq.destination.routing_key messaging.client.id
  rpc.request.metadata.authorization rpc.grpc.request.metadata.a rpc.jsonrpc.error_message
  rpc.jsonrpc.request_id rpc.request.body url.query url.fragment url.original exception.message
  exception.stacktrace error.message error.stack enduser.id user.id user.email user.name
  user.full_name session.id client.address source.address gen_ai.prompt gen_ai.completion
  gen_ai.input.messages gen_ai.tool.call.arguments mcp.session.id process.command_line
  process.environment_variable.key process.command_args aws.s3.key faas.document.name file.path
  tls.client.subject device.id k8s.pod.label.key shop.password shop.api_key shop.access.token`.split(
  /\s+/,
)

/** Statements and names by system; each in a span of its own. */
const statements = [
  ['mysql', 'select * from users where name = "s3cr3t" # s3cr3t'],
  ['mysql', "select * from users -- s3cr3t\nwhere `a` = 'it\\'s3cr3t'"],
  ['postgresql', "select * from users where name = 's3cr3t' -- s3cr3t"],
  ['sqlite', 'select * from users where name = "s3cr3t"'],
  ['redis', 'SET session s3cr3t'],
  ['memcached', 'set s3cr3t'],
  ['mongodb', 'find s3cr3t'],
  ['neo4j', "MATCH (n:User) WHERE n.name = 's3cr3t' RETURN n"],
  ['cassandra', "SELECT * FROM users WHERE name = 's3cr3t'"],
  [undefined, 'select * from users where name = "s3cr3t"'],
  [undefined, "update users set name = 's3cr3t'"],
  [undefined, 'find {name: s3cr3t}'],
  [undefined, 'find "ann s3cr3t smith"'],
  [undefined, 'GET /users?token=s3cr3t'],
  [undefined, 'token=s3cr3t'],
]

serve(
  http.createServer((_, response) => {
    const tracer = trace.getTracer('shop')
    const span = (name, attributes) => tracer.startSpan(name, { attributes }).end()
    const planted = shapes.flatMap(shape => named.map(name => [name, shape]))
    for (let at = 0; at < planted.length; at += 40) {
      span('planted', Object.fromEntries(planted.slice(at, at + 40)))
    }
    for (const name of never) span('never', { [name]: 's3cr3t' })
    for (const shape of shapes) span('own', { 'shop.own': shape })
    for (const [system, text] of statements) {
      for (const key of ['db.system', 'db.system.name']) {
        span(text, {
          [key]: system,
          'db.statement': text,
          'db.query.text': text,
          'db.query.summary': text,
        })
        const byHand = tracer.startSpan('by hand')
        byHand.setAttribute('db.statement', text).setAttribute(key, system).updateName(text)
        byHand.end()
      }
    }
    const changed = tracer.startSpan('changed', { attributes: { 'db.system': 'postgresql' } })
    changed.setAttribute('db.statement', 'select a from t where b = "s3cr3t"')
    changed.setAttribute('db.system', 'sqlite').end()
    response.end(String(named.length))
  }),
)
