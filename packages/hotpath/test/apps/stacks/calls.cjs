'use strict'
/** Calls out, and fields of GraphQL. A request makes one to three, as its number says. */
const http = require('node:http')
const { setTimeout: wait } = require('node:timers/promises')

module.exports = async load => {
  const upstream = http.createServer((_request, response) => response.end('{}'))
  await new Promise(resolve => upstream.listen(0, '127.0.0.1', resolve))
  const url = n => `http://127.0.0.1:${upstream.address().port}/users/${n}?token=planted`
  const times = async (n, ask) => {
    for (let at = 0; at <= n % 3; at++) await ask(url(n))
  }
  const axios = load('axios')
  const { got } = await import(load.resolve('got'))
  const { buildSchema, graphql, GraphQLError } = load('graphql')
  const schema = buildSchema(`
    type Query { users(name: String): [User]  fails: User }
    type User { id: Int  upper: String  friends: [User] }
  `)
  const { Query, User } = schema.getTypeMap()
  Query.getFields().users.resolve = async () => {
    await wait(1)
    return [{ id: 1 }, { id: 2 }]
  }
  Query.getFields().fails.resolve = () => Promise.reject(new GraphQLError('planted'))
  User.getFields().upper.resolve = ({ id }) => String(id)
  User.getFields().friends.resolve = async ({ id }) => {
    await fetch(url(id)).then(answer => answer.text())
    return []
  }
  const ask = source => graphql({ schema, source, variableValues: { name: 'planted' } })
  return {
    ways: {
      axios: n => times(n, address => axios.get(address)),
      got: n => times(n, address => got(address).json()),
      fetch: n => times(n, address => fetch(address).then(answer => answer.text())),
      fields: () =>
        ask(
          'query planted($name: String) { planted: users(name: $name) { id upper friends { id } } }',
        ),
      fails: () => ask('{ fails { id } }'),
    },
    end: () => upstream.close(),
  }
}
