/** What a webhook may answer. Whatever else comes is a failure, and refuses. */

import { z } from 'zod'
import { patternProblem } from '../../config/grant-pattern.js'
import { patternsMax, subjectMax } from '../../config/sections/auth.js'

const expiresInMsMax = 10 * 365 * 86_400_000

const patterns = z.array(z.string().refine((text) => patternProblem(text) === null)).max(patternsMax)

const answerSchema = z.discriminatedUnion('allow', [
  z.object({ allow: z.literal(false) }),
  z.object({
    allow: z.literal(true),
    publish: patterns.optional(),
    subscribe: patterns.optional(),
    expiresInMs: z.number().int().min(1).max(expiresInMsMax).optional(),
    subject: z.string().min(1).max(subjectMax).optional(),
  }),
])

export type WebhookAnswer = z.output<typeof answerSchema>

/** @throws {Error} with one line that says what is wrong with it, and nothing of what it says. */
export function readAnswer(body: Buffer): WebhookAnswer {
  let document: unknown
  try {
    document = JSON.parse(body.toString())
  } catch {
    throw new Error('the answer is no JSON')
  }
  const parsed = answerSchema.safeParse(document)
  if (parsed.success) return parsed.data
  const path = parsed.error.issues[0]?.path.join('.') ?? ''
  throw new Error(`the answer is wrong${path === '' ? '' : ` at ${path}`}`)
}
