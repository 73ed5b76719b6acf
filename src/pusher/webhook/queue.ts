/** Events that wait for one endpoint, oldest first, within a bound of bytes. */

interface Waiting {
  readonly text: string
  readonly bytes: number
  /** When it came. */
  readonly at: number
}

/** What an event costs beside its text. */
const entryBytes = 64
/** So many must be gone from the front before the rest is copied. */
const goneMin = 1024

export class WebhookQueue {
  readonly #bytesMax: number
  #entries: (Waiting | null)[] = []
  #first = 0
  #bytes = 0

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax
  }

  get count(): number {
    return this.#entries.length - this.#first
  }

  /** When the oldest came; null without one. */
  get oldestAt(): number | null {
    return this.#oldest?.at ?? null
  }

  /** Adds an event. @returns how many of the oldest had to go for it; one that is over the bound alone goes itself. */
  add(text: string, at: number): number {
    const bytes = Buffer.byteLength(text) + entryBytes
    if (bytes > this.#bytesMax) return 1
    this.#entries.push({ text, bytes, at })
    this.#bytes += bytes
    return this.#dropWhile(() => this.#bytes > this.#bytesMax)
  }

  /** Drops what came at `time` or before. @returns how many. */
  dropUntil(time: number): number {
    return this.#dropWhile(({ at }) => at <= time)
  }

  /** Takes the oldest, at most `textBytesMax` of them but always one if there is one. */
  take(textBytesMax: number): string[] {
    const texts: string[] = []
    let left = textBytesMax
    for (let next = this.#oldest; next !== null; next = this.#oldest) {
      left -= next.bytes
      if (left < 0 && texts.length > 0) break
      texts.push(next.text)
      this.#shift(next)
    }
    return texts
  }

  get #oldest(): Waiting | null {
    return this.#entries[this.#first] ?? null
  }

  #dropWhile(condition: (oldest: Waiting) => boolean): number {
    let dropped = 0
    for (let next = this.#oldest; next !== null && condition(next); next = this.#oldest) {
      this.#shift(next)
      dropped++
    }
    return dropped
  }

  /** Array.shift would move everything each time. */
  #shift(oldest: Waiting): void {
    this.#entries[this.#first++] = null
    this.#bytes -= oldest.bytes
    const half = this.#first >= goneMin && this.#first >= this.count
    if (!half && this.count > 0) return
    this.#entries = this.#entries.slice(this.#first)
    this.#first = 0
  }
}
