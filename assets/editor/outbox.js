// What a person did, on its way to Python. Streamlit may merge or drop a message, so all that is
// not known to be applied is sent again with whatever is new; Python goes by the numbers.

const PATIENCE_MS = 5000

class Outbox {
  constructor() {
    this.editor = crypto.randomUUID()
    this.number = 0
    /** @type {{event: Object, touched: Set<number>}[]} */
    this.waiting = []
    /** @type {(message: Object) => void} how to send, as Streamlit gave it last */
    this.send = () => {}
    this.patience = PATIENCE_MS
    this.timer = 0
  }

  /**
   * @param {Object} event
   * @param {number[]} touched the passages that show what Python does not know of yet
   */
  add(event, touched = []) {
    this.waiting.push({ event: { ...event, number: ++this.number }, touched: new Set(touched) })
    this.patience = PATIENCE_MS
    this.sendAll()
  }

  sendAll() {
    this.send({ editor: this.editor, events: this.waiting.map((one) => one.event) })
    clearTimeout(this.timer)
    this.timer = setTimeout(() => this.waiting.length && this.sendAll(), this.patience)
    this.patience *= 2 // a page that is only slow must come to an end
  }

  /** @param {Object<string, number>} applied the last number Python applied, by editor */
  acknowledge(applied) {
    const last = applied[this.editor] ?? 0
    this.waiting = this.waiting.filter((one) => one.event.number > last)
  }

  /** @param {number} index whether this passage shows what Python does not know of yet */
  holds(index) {
    return this.waiting.some((one) => one.touched.has(index))
  }

  close() {
    clearTimeout(this.timer)
  }
}
