/** What the broker reads of a token's claims; others are the issuer's own. */

import { z } from 'zod'
import { patternProblem } from '../../config/grant-pattern.js'
import { apiRights, patternsMax, subjectMax } from '../../config/sections/auth.js'

/** The last second of the year 9999: what lies behind it is no date. */
const secondsMax = 253_402_300_799

const patterns = z.array(z.string().superRefine((text, context) => {
  const problem = patternProblem(text)
  if (problem !== null) context.addIssue({ code: 'custom', message: problem })
})).max(patternsMax)

const claimsSchema = z.object({
  sub: z.string().max(subjectMax).optional(),
  exp: z.number().min(0).max(secondsMax).optional(),
  topics: z.object({ publish: patterns.optional(), subscribe: patterns.optional() }).optional(),
  api: z.array(z.enum(apiRights)).max(apiRights.length).optional(),
})

export type Claims = z.output<typeof claimsSchema>

/** The claims, or why they are none: one line, with nothing that the token says. */
export function readClaims(payload: unknown): Claims | string {
  const parsed = claimsSchema.safeParse(payload)
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  return `the claim ${issue?.path.join('.') ?? ''} is wrong: ${issue?.message ?? ''}`
}
