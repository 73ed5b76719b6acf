/** Events on their way to an iterator: a bounded queue, whose ends are a connection and `for await`. */

/** Who waits for the next event. */
interface Taker<Event> {
  resolve(result: IteratorResult<Event, undefined>): void
  reject(error: unknown): void
}

export class Waiting<Event> implements AsyncIterator<Event, undefined> {
  readonly #most: number
  readonly #onRoom: () => void
  readonly #onReturn: () => void
  readonly #onTaken: (event: Event) => void
  #events: Event[] = []
  /** Of the next event to be taken: what was taken is cut off in one go. */
  #at = 0
  #full = false
  #end: { readonly error: unknown } | null = null
  readonly #takers: Taker<Event>[] = []

  /** `onTaken` is told of each event that the program has got, `onRoom` when half of `most` is free again, `onReturn` when it wants no more. */
  constructor(most: number, onTaken: (event: Event) => void, onRoom: () => void, onReturn: () => void) {
    this.#most = most
    this.#onTaken = onTaken
    this.#onRoom = onRoom
    this.#onReturn = onReturn
  }

  /** @returns false when no more should come before `onRoom`. */
  add(event: Event): boolean {
    const taker = this.#takers.shift()
    if (taker === undefined) this.#events.push(event)
    else this.#give(taker, event)
    return !(this.#full = this.#events.length - this.#at >= this.#most)
  }

  /** What waits is still given; `error` undefined: without one. */
  end(error: unknown): void {
    this.#end = { error }
    for (const taker of this.#takers.splice(0)) this.#finish(taker)
  }

  next(): Promise<IteratorResult<Event, undefined>> {
    return new Promise((resolve, reject) => {
      const taker = { resolve, reject }
      if (this.#at < this.#events.length) this.#give(taker, this.#take())
      else if (this.#end !== null) this.#finish(taker)
      else this.#takers.push(taker)
    })
  }

  /** The loop was left. */
  return(): Promise<IteratorResult<Event, undefined>> {
    this.#events = []
    this.#at = 0
    this.#onReturn()
    return Promise.resolve({ done: true, value: undefined })
  }

  #take(): Event {
    const event = this.#events[this.#at++] as Event
    const left = this.#events.length - this.#at
    if (this.#at > left) {
      this.#events = this.#events.slice(this.#at)
      this.#at = 0
    }
    if (this.#full && left <= this.#most / 2) {
      this.#full = false
      this.#onRoom()
    }
    return event
  }

  #give(taker: Taker<Event>, event: Event): void {
    this.#onTaken(event)
    taker.resolve({ done: false, value: event })
  }

  #finish(taker: Taker<Event>): void {
    const error = this.#end?.error
    if (error === undefined) taker.resolve({ done: true, value: undefined })
    else taker.reject(error)
  }
}
