/**
 * What OpenTelemetry's conventions (1.4x, with the old names) put on a span, and what of it may leave.
 * Everything that the conventions fill with data (statements of databases that we cannot read, commands,
 * keys of caches and messages, headers, bodies, documents, prompts, people) is on no list.
 */

/** How the text of an attribute is read before it leaves. */
export type Reading =
  /** A name that people gave: letters, digits, few signs; anything else is dropped. */
  | 'name'
  | 'host'
  | 'path'
  | 'url'
  /** A template, where the database is one whose language we read. */
  | 'statement'
  /** As the name of a span. */
  | 'summary'

/** `prefix: names`, by how they are read. Under the roots that are guarded nothing else leaves. */
const LISTS: Readonly<Record<Reading, string>> = {
  statement: 'db: query.text statement',
  summary: 'db: query.summary',
  url: 'url: full; http: url',
  path: 'url: path; http: target',
  host: `server: address; http: host server_name; net: host.name peer.name sock.peer.name
    sock.peer.addr sock.host.addr; network: peer.address local.address; url: domain`,
  name: `
    db: system system.name name namespace operation operation.name operation.batch.size collection.name
      sql.table response.returned_rows response.status_code stored_procedure.name
      client.connection.pool.name client.connection.state client.connections.pool.name
      client.connections.state mongodb.collection redis.database_index mssql.instance_name
      elasticsearch.cluster.name elasticsearch.node.name cassandra.consistency_level
      cassandra.coordinator.dc cassandra.idempotence cassandra.page_size
      cassandra.speculative_execution_count cassandra.table cosmosdb.connection_mode
      cosmosdb.consistency_level cosmosdb.container cosmosdb.operation_type cosmosdb.regions_contacted
      cosmosdb.request_charge cosmosdb.request_content_length cosmosdb.status_code
      cosmosdb.sub_status_code;
    http: method status_code flavor scheme route connection.state resend_count request.method
      request.size request.body.size request.resend_count request_content_length
      request_content_length_uncompressed response.status_code response.size response.body.size
      response_content_length response_content_length_uncompressed;
    url: scheme port template;
    net: host.port peer.port protocol.name protocol.version sock.family sock.host.port sock.peer.port
      transport;
    network: transport type connection.type connection.subtype connection.state protocol.name
      protocol.version peer.port local.port io.direction;
    server: port; client: port;
    rpc: system system.name service method status_code response.status_code grpc.status_code
      connect_rpc.error_code jsonrpc.version jsonrpc.error_code message.type message.compressed_size
      message.uncompressed_size;
    jsonrpc: protocol.version;
    graphql: operation.name operation.type field.name field.path field.type parent.name;
    messaging: system system.name operation operation.name operation.type destination.name
      destination.template destination.temporary destination.anonymous destination.partition.id
      destination.subscription.name destination_publish.name destination_publish.anonymous
      batch.message_count consumer.group.name message.body.size message.envelope.size
      eventhubs.consumer.group gcp_pubsub.message.delivery_attempt kafka.cluster.id
      kafka.consumer.group kafka.destination.partition kafka.message.offset
      kafka.message.tombstone kafka.offset rocketmq.client_group rocketmq.consumption_model
      rocketmq.message.type rocketmq.namespace servicebus.destination.subscription_name
      servicebus.disposition_status servicebus.message.delivery_count;
    message: type compressed_size uncompressed_size;
    exception: type escaped; error: type;
    code: function function.name namespace filepath file.path lineno line.number column column.number;
    faas: name trigger version coldstart invoked_name invoked_provider invoked_region max_memory
      document.collection document.operation;
    cloudevents: event_type event_spec_version;
    gen_ai: system provider.name operation.name request.model response.model output.type token.type
      request.max_tokens request.temperature request.top_p request.top_k request.choice.count
      request.stream usage.input_tokens usage.output_tokens usage.prompt_tokens
      usage.completion_tokens response.finish_reasons response.time_to_first_chunk tool.name tool.type
      agent.name workflow.name;
    mcp: method.name protocol.version;
    aws: dynamodb.table_names dynamodb.index_name dynamodb.count dynamodb.scanned_count dynamodb.limit
      dynamodb.consistent_read dynamodb.scan_forward dynamodb.segment dynamodb.total_segments
      dynamodb.table_count kinesis.stream_name s3.bucket s3.part_number;
    dns: question.name;
    process: pid parent_pid executable.name runtime.name runtime.version runtime.description;
    thread: id name; feature_flag: key variant provider.name result.reason result.variant set.id
      version evaluation.reason; event: name; log: iostream`,
}

/** By the attribute's whole name; made when an app first sets one. */
let readings: ReadonlyMap<string, Reading> | undefined

function readLists(): ReadonlyMap<string, Reading> {
  const known = new Map<string, Reading>()
  for (const [reading, list] of Object.entries(LISTS)) {
    for (const line of list.split(';')) {
      const [root = '', names = ''] = line.trim().split(':')
      for (const name of names.trim().split(/\s+/)) known.set(`${root}.${name}`, reading as Reading)
    }
  }
  return known
}

/** Under these roots what is on no list is dropped, also what no convention names. */
const GUARDED = new Set(
  `db http url net network server rpc onc_rpc jsonrpc graphql messaging message exception code enduser
  faas cloudevents gen_ai openai mcp aws tls process geo user_agent`.split(/\s+/),
)

/** Roots of the conventions under which an app may have names of its own: those leave as names. */
const OTHERS = new Set(
  `android app artifact aspnetcore azure az browser cassandra cicd client cloudfoundry cloud container
  cpu cpython deployment destination device disk dns dotnet elasticsearch error event feature_flag file
  gcp go hardware heroku host hw ios jvm k8s kafka linux log mainframe nfs nodejs oci openshift
  opentracing oracle oracle_cloud os otel peer pool pprof profile rabbitmq rocketmq security_rule
  service session signalr source state system telemetry test thread user v8js vcs webengine
  zos`.split(/\s+/),
)

/** People, machines of people, addresses of files and secrets, by whatever root. */
const NEVER = new RegExp(
  [
    String.raw`^user\.(?:email|full_name|hash|id|name|roles)$`,
    String.raw`^(?:client|source|destination)\.(?:address|mac)`,
    String.raw`^feature_flag\.(?:context\.id|result\.value)$`,
    String.raw`^(?:log\.record|dns\.answers|elasticsearch)`,
    String.raw`^(?:kafka|rabbitmq|rocketmq)\.`,
    String.raw`^(?:session|device|app\.installation|app\.crash|android\.os\.installation)\.`,
    String.raw`^file\.(?!extension$|size$|mode$)`,
    String.raw`\.(?:label|labels|annotation|annotations|selector|environment_variable|path_parts)\.`,
    String.raw`(?:^|\.)(?:command|command_args|command_line|image\.command\w*)$`,
    String.raw`\.(?:header|headers|metadata|trailer|trailers|parameter|parameters|variables|cookies?)(?:\.|$)`,
    String.raw`(?:^|\.)(?:body|payload|stacktrace|message\.content)(?:\.|$)`,
    String.raw`(?:^|[._-])(?:passw(?:or)?d|passphrase|secret|token|authorization|api[_-]?key|credential)s?$`,
    String.raw`^(?:error|feature_flag.*)\.(?:message|stack)$`,
  ].join('|'),
  'i',
)

/** How an attribute is read: `own` is the app's, undefined never leaves. */
export function readingOf(key: string): Reading | 'own' | undefined {
  readings ??= readLists()
  const known = readings.get(key)
  if (known !== undefined) return known
  const dot = key.indexOf('.')
  const root = dot < 0 ? key : key.slice(0, dot)
  if (GUARDED.has(root) || NEVER.test(key)) return undefined
  return OTHERS.has(root) ? 'name' : 'own'
}
