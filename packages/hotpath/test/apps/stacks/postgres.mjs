import postgres from 'postgres'
import common from './postgres.cjs'

export default async () => common.open(postgres)
