// The service of the notes in JavaScript, on Node's standard library. Arguments: the bugs to plant, such as alg-none.
import { createHmac, randomUUID, timingSafeEqual } from 'node:crypto'
import { createServer } from 'node:http'

const bugs = new Set(process.argv.slice(2))
const secret = process.env.SECRET
const notes = new Map()
const decode = (part) => JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(Buffer.from(part, 'base64url')))
const sign = (text) => createHmac('sha256', secret).update(text).digest()

function mint(sub) {
  const write = (value) => Buffer.from(JSON.stringify(value)).toString('base64url')
  const text = `${write({ alg: 'HS256', typ: 'JWT' })}.${write({ sub, exp: Math.floor(Date.now() / 1000) + 900 })}`
  return `${text}.${sign(text).toString('base64url')}`
}

function verify(token) {
  const parts = token.split('.')
  if (parts.length !== 3 || !parts.slice(0, 2).every((part) => /^[\w-]+$/.test(part))) return null
  try {
    const [header, claims] = parts.slice(0, 2).map(decode)
    if (bugs.has('alg-none') && header.alg === 'none') return claims.sub
    const received = Buffer.from(parts[2], 'base64url')
    const expected = sign(`${parts[0]}.${parts[1]}`)
    const isStrange = 'crit' in header || 'zip' in header || 'cty' in header || 'b64' in header
    if (header.alg !== 'HS256' || isStrange || !/^(JWT|at\+jwt)$/i.test(header.typ ?? 'JWT')) return null
    if (received.toString('base64url') !== parts[2]) return null
    if (received.length !== expected.length || !timingSafeEqual(received, expected)) return null
    const now = Date.now() / 1000
    const isInTime = Number.isFinite(claims.exp) && claims.exp > now && (claims.nbf ?? 0) <= now
    return isInTime && typeof claims.sub === 'string' && claims.sub ? claims.sub : null
  } catch {
    return null
  }
}

function admit(request) {
  const lines = request.headersDistinct.authorization ?? []
  const [scheme, token] = (lines[0] ?? '').split(' ')
  if (lines.length !== 1 || scheme.toLowerCase() !== 'bearer') return { error: '' }
  const user = verify(token ?? '')
  return user ? { user } : { error: ', error="invalid_token"' }
}

function say(response, status, body, headers = {}) {
  const text = body === undefined ? '' : JSON.stringify(body)
  const type = status === 204 ? {} : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) }
  response.writeHead(status, { 'cache-control': 'private, no-store', ...type, ...headers })
  response.end(text)
}

const refuse = (response, status, headers) => say(response, status, { title: `${status}` }, headers)

function handle(request, response, body) {
  const path = new URL(request.url, 'http://x').pathname
  const id = /^\/notes\/([^/]+)$/.exec(path)?.[1]
  const methods = id ? ['GET', 'DELETE'] : { '/notes': ['GET', 'POST'], '/login': ['POST'] }[path]
  if (!methods) return refuse(response, 404)
  if (!methods.includes(request.method)) return refuse(response, 405, { allow: methods.join(', ') })
  if (path === '/login') return say(response, 200, { access_token: mint(JSON.parse(body).name) })
  const { user, error } = admit(request)
  if (!user) return refuse(response, 401, { 'www-authenticate': `Bearer realm="notes"${error}` })
  if (path === '/notes' && request.method === 'GET') {
    return say(response, 200, { items: [...notes.values()].filter((note) => note.owner === user) })
  }
  if (path === '/notes') {
    let text
    try {
      ({ text } = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body)))
    } catch {}
    const isKnown = typeof text === 'string' && text.isWellFormed() && text.length > 0 && [...text].length <= 80
    if (!isKnown || Object.keys(JSON.parse(body)).length > 1) return refuse(response, 422)
    const note = { id: randomUUID(), owner: user, text }
    notes.set(note.id, note)
    return say(response, 201, note)
  }
  if (!/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(id)) return refuse(response, 422)
  const note = notes.get(id)
  const isAnybodys = bugs.has(request.method === 'GET' ? 'read-any' : 'delete-any')
  if (!note || !(note.owner === user || isAnybodys)) return refuse(response, 404)
  if (request.method === 'GET') return say(response, 200, note)
  notes.delete(id)
  return say(response, 204)
}

const server = createServer((request, response) => {
  const chunks = []
  request.on('data', (chunk) => chunks.push(chunk))
  request.on('end', () => handle(request, response, Buffer.concat(chunks)))
})
server.listen(0, '127.0.0.1', () => console.log(server.address().port))
