// Find and replace in all passages.

const CALM_MS = 80 // after the last key; a letter may be found ten thousand times

/**
 * @typedef {{row: Row, from: number, to: number}} Hit
 */

class Find {
  /**
   * @param {ShadowRoot} root
   * @param {Passages} passages
   * @param {Outbox} outbox
   * @param {(message: string) => void} say
   */
  constructor(root, passages, outbox, say) {
    Object.assign(this, { passages, outbox, say })
    this.form = root.querySelector(".find")
    this.count = this.form.querySelector("output")
    /** @type {Hit[]} */
    this.hits = []
    this.at = -1
    const { search, by, case: matchCase } = this.form.elements
    Object.assign(this, { search, by, matchCase })
    this.timer = 0
    search.oninput = matchCase.onchange = () => {
      clearTimeout(this.timer)
      this.timer = setTimeout(() => this.look(true), CALM_MS)
    }
    this.form.onsubmit = (event) => event.preventDefault()
    this.form.onkeydown = (event) => this.press(event)
  }

  get isOpen() {
    return !this.form.hidden
  }

  open() {
    this.form.hidden = false
    this.search.focus()
    this.search.select()
    this.look(true)
  }

  close() {
    clearTimeout(this.timer)
    this.form.hidden = true
    this.hits = []
    this.paint()
  }

  /** @param {KeyboardEvent} event */
  press(event) {
    if (event.isComposing) return
    if (event.key === "Enter" && this.searched !== this.search.value) this.look(true)
    if (event.key === "Escape") this.close()
    else if (event.key === "Enter" && event.target === this.search) this.step(event.shiftKey ? -1 : 1)
    else if (event.key === "Enter" && event.target === this.by) this.replaceOne()
    else return
    event.preventDefault()
    event.stopPropagation()
  }

  /** All places where the text is found. @param {boolean} isNew it is another text than before */
  look(isNew) {
    if (!this.isOpen) return
    clearTimeout(this.timer)
    this.searched = this.search.value
    this.hits = []
    if (this.search.value) {
      const plain = this.search.value.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&")
      const pattern = new RegExp(plain, this.matchCase.checked ? "gu" : "giu")
      for (const row of this.passages.rows) {
        for (const { index, 0: found } of row.text.matchAll(pattern)) {
          this.hits.push({ row, from: index, to: index + found.length })
        }
      }
    }
    this.at = Math.min(isNew ? 0 : this.at, this.hits.length - 1)
    if (isNew && this.at >= 0) bringIntoView(this.hits[0].row.element)
    this.paint()
  }

  step(step) {
    if (!this.hits.length) return
    this.at = (this.at + step + this.hits.length) % this.hits.length
    bringIntoView(this.hits[this.at].row.element)
    this.paint()
  }

  /** Says how many there are and, where the browser can, marks them. */
  paint() {
    const { labels, hits, at } = this
    this.count.textContent =
      this.isOpen && this.search.value ? filled(labels.hits, { at: at + 1, n: hits.length }) : ""
    for (const button of this.form.querySelectorAll("button[data-do]")) {
      if (button.dataset.do !== "closeFind") button.disabled = !hits.length
    }
    if (!globalThis.Highlight || !CSS.highlights) return
    const ranges = []
    let [row, texts, chosenRange] = [null, [], null]
    for (const hit of hits) {
      if (hit.row !== row) [row, texts] = [hit.row, hit.row.texts()]
      const range = rangeIn(texts, hit.from, hit.to)
      ranges.push(range)
      if (hit === hits[at]) chosenRange = range
    }
    CSS.highlights.set("found", new Highlight(...ranges))
    const chosen = new Highlight(...(chosenRange ? [chosenRange] : []))
    chosen.priority = 1
    CSS.highlights.set("chosen", chosen)
  }

  replaceOne() {
    const hit = this.hits[this.at]
    if (!hit) return
    this.replace([hit])
    this.step(0)
  }

  replaceAll() {
    if (!this.hits.length) return
    this.say(filled(this.labels.replaced, { n: this.hits.length }))
    this.replace(this.hits)
  }

  /** One correction, so one step to undo, of all passages with these hits. */
  replace(hits) {
    const changed = new Map()
    for (const { row, from, to } of hits.toReversed()) {
      const text = changed.get(row) ?? row.text
      changed.set(row, text.slice(0, from) + this.by.value + text.slice(to))
    }
    const passages = []
    for (const [row, text] of changed) {
      const trimmed = text.trim()
      if (!trimmed || trimmed === row.text) continue // Python leaves these as they are
      passages.push([row.index, row.text, trimmed])
      row.foresee(trimmed)
      row.words.textContent = trimmed
    }
    if (passages.length) {
      this.outbox.add({ kind: "correct", passages }, passages.map(([index]) => index))
    }
    this.look(false)
  }
}

/**
 * The range from one character to another.
 *
 * @param {Text[]} texts which follow each other
 */
function rangeIn(texts, from, to) {
  const range = document.createRange()
  let [done, isOpen] = [0, false]
  for (const text of texts) {
    if (!isOpen && from < done + text.length) {
      range.setStart(text, from - done)
      isOpen = true
    }
    if (isOpen && to <= done + text.length) {
      range.setEnd(text, to - done)
      break
    }
    done += text.length
  }
  return range
}
