// `npm run client`: writes packages/client/src/schema.ts anew from the API's description.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { CLIENT_SCHEMA, clientSchemaText, ROOT } from './client-schema.ts'

const text = await clientSchemaText()
writeFileSync(join(ROOT, CLIENT_SCHEMA), text)
console.log(`${CLIENT_SCHEMA}: ${text.split('\n').length - 1} lines`)
