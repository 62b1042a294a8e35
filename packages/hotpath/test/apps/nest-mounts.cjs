'use strict'
/** A Nest app as docs/limits.md has it: a limit as a guard behind a login, others as middleware. */

/** @param load What requires the packages of Nest. @param mounts Of `hotpath/limit/express` and `/fastify`. */
module.exports = async function nest(load, name, { express, own, answer }) {
  load('reflect-metadata')
  const { Controller, Get, Module, UseGuards } = load('@nestjs/common')
  const { NestFactory } = load('@nestjs/core')

  class Login {
    canActivate(context) {
      const request = context.switchToHttp().getRequest()
      const id = request.headers['x-user']
      if (id !== undefined) request.user = { id }
      return true
    }
  }

  class OrdersLimit {
    limit = own.limitRequests({ rate: '2/h', by: 'user' })

    canActivate(context) {
      const http = context.switchToHttp()
      return new Promise(go => {
        this.limit(http.getRequest(), http.getResponse(), () => go(true))
      })
    }
  }

  class Shop {
    orders() {
      return 'taken'
    }

    menu() {
      return 'menu'
    }

    report() {
      return answer()
    }
  }
  const method = of => Object.getOwnPropertyDescriptor(Shop.prototype, of)
  Get('orders')(Shop.prototype, 'orders', method('orders'))
  UseGuards(Login, OrdersLimit)(Shop.prototype, 'orders', method('orders'))
  Get('menu')(Shop.prototype, 'menu', method('menu'))
  Get('report')(Shop.prototype, 'report', method('report'))
  Controller()(Shop)

  const places = express.limitConcurrency({ limit: 1, queue: 0 })
  class App {
    configure(consumer) {
      consumer.apply(express.limitRequests({ rate: '2/h' })).forRoutes('menu')
      consumer.apply(places).forRoutes('report')
    }
  }
  Module({ controllers: [Shop] })(App)

  const adapters =
    name === 'Express' ? [] : [new (load('@nestjs/platform-fastify').FastifyAdapter)()]
  const app = await NestFactory.create(App, ...adapters, { logger: false })
  await app.listen(0, '127.0.0.1')
  const { port } = app.getHttpServer().address()
  return { url: `http://127.0.0.1:${port}`, places, close: () => app.close() }
}
