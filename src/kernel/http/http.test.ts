import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import Type from 'typebox'
import { createLog } from '../log.ts'
import { createHttp, type FastifyInstance } from './index.ts'

describe('what comes in over HTTP', () => {
  let app: FastifyInstance
  before(async () => {
    app = await createHttp({ log: createLog('fatal'), trustProxy: [] })
    const orNull = <T extends Type.TSchema>(schema: T) => Type.Union([schema, Type.Null()])
    const body = Type.Object({
      count: Type.Optional(orNull(Type.Number())),
      yes: Type.Optional(orNull(Type.Boolean())),
      text: Type.Optional(orNull(Type.String())),
      plain: Type.Optional(Type.Integer()),
      list: Type.Optional(Type.Array(Type.String())),
    })
    const querystring = Type.Object({ limit: Type.Integer(), all: Type.Boolean() })
    app.post('/body', { schema: { body } }, async (request) => request.body)
    app.get('/query', { schema: { querystring } }, async (request) => request.query)
  })
  after(() => app.close())
  const post = (payload: object) => app.inject({ method: 'POST', url: '/body', payload })

  it('keeps null in a body, whatever else may stand there', async () => {
    const sent = { count: null, yes: null, text: null }
    assert.deepEqual((await post(sent)).json(), sent)
  })

  it('turns nothing in a body into something else', async () => {
    for (const wrong of [{ count: '5' }, { yes: 'true' }, { text: 5 }, { plain: null }, { plain: '1' }, { list: 'a' }])
      assert.equal((await post(wrong)).statusCode, 400, JSON.stringify(wrong))
  })

  it('reads numbers and yes or no in an address', async () => {
    assert.deepEqual((await app.inject('/query?limit=5&all=true')).json(), { limit: 5, all: true })
    assert.equal((await app.inject('/query?limit=viel&all=true')).statusCode, 400)
  })
})
