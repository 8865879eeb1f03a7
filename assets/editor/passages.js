// The passages on the page: a row each, with a span for every word. A row is drawn anew only when
// its passage changed.

/**
 * @typedef {Object} Passage
 * @property {string} text
 * @property {number} start seconds
 * @property {number} end
 * @property {string} language
 * @property {string} speaker
 * @property {boolean} redone the second model read it
 * @property {number[]} words three a word: characters before it, its own, hundredths of a second
 * @property {Array<Array<number|string>>} doubts place of the word, percent, what else it may be
 */

const TAGS = { zh: "中" }

/** The words of the page, {name} filled in. */
function filled(template, values) {
  return template.replace(/\{(\w+)\}/g, (_, name) => values[name])
}

/** 0:07, 12:40, 1:02:03 */
function clock(seconds) {
  const whole = Math.max(0, Math.floor(seconds))
  const two = (n) => String(n).padStart(2, "0")
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60]
  return hours
    ? `${hours}:${two(minutes)}:${two(whole % 60)}`
    : `${minutes}:${two(whole % 60)}`
}

/** The last of `n` things that starts at or before `time`, -1 if none: starts never decrease. */
function lastBefore(n, startOf, time) {
  let low = 0
  let high = n
  while (low < high) {
    const middle = (low + high) >> 1
    if (startOf(middle) <= time) low = middle + 1
    else high = middle
  }
  return low - 1
}

function element(name, className, text = "") {
  const made = document.createElement(name)
  if (className) made.className = className
  if (name === "button") made.type = "button"
  made.textContent = text
  return made
}

class Row {
  constructor(index) {
    this.index = index
    this.signature = "" // of the passage that is drawn; empty when the row shows something else
    this.text = "" // as Python has it, or will have it once it did what it was sent
    this.element = element("section")
    this.element.dataset.index = String(index)
    this.time = element("button", "time")
    this.tag = element("button", "tag")
    this.language = element("small")
    this.redone = element("i", "redone", "↻")
    this.redone.setAttribute("role", "img")
    this.tag.append(this.language, this.redone)
    this.speaker = element("button", "speaker")
    this.words = element("p")
    this.element.append(this.time, this.tag, this.speaker, this.words)
  }

  /** @param {Passage} passage */
  show(passage, signature, labels, options, previousSpeaker) {
    this.signature = signature
    this.text = passage.text
    this.start = passage.start
    this.end = passage.end
    this.element.hidden = !passage.text
    this.time.textContent = clock(passage.start)
    this.time.title = filled(labels.play_from, { time: clock(passage.start) })
    this.tag.disabled = !options.canRerun
    this.tag.title = options.canRerun ? labels.rerun : ""
    this.language.dataset.language = passage.language
    this.language.textContent = TAGS[passage.language] ?? passage.language.toUpperCase()
    this.redone.hidden = !passage.redone
    this.redone.title = labels.redone
    this.redone.setAttribute("aria-label", labels.redone)
    this.speaker.hidden = !options.canEdit && !passage.speaker
    this.speaker.disabled = !options.canEdit
    this.speaker.textContent = passage.speaker || labels.speaker
    this.speaker.title = options.canEdit ? labels.speaker_name : ""
    this.speaker.dataset.name = passage.speaker
    this.element.classList.toggle("named", Boolean(passage.speaker))
    this.element.classList.toggle("goes-on", passage.speaker === previousSpeaker)
    this.words.lang = passage.language
    this.words.dir = "auto"
    this.words.setAttribute("aria-label", filled(labels.passage, { time: clock(passage.start) }))
    this.drawWords(passage, labels)
  }

  drawWords(passage, labels) {
    const n = passage.words.length / 3
    this.starts = new Float64Array(n)
    const drawn = document.createDocumentFragment()
    let done = 0
    for (let k = 0; k < n; k++) {
      const first = done + passage.words[3 * k]
      const last = first + passage.words[3 * k + 1]
      this.starts[k] = passage.words[3 * k + 2] / 100
      if (first > done) drawn.append(passage.text.slice(done, first))
      drawn.append(element("span", "", passage.text.slice(first, last)))
      done = last
    }
    if (done < passage.text.length) drawn.append(passage.text.slice(done))
    const spans = drawn.querySelectorAll("span")
    for (const [place, percent, ...others] of passage.doubts) {
      const span = spans[place]
      span.className = "doubt"
      span.title = filled(labels.unsure_word, { percent: `${percent} %` })
      span.others = others
    }
    this.words.replaceChildren(drawn)
  }

  /** The row shows `text`, of which Python does not know yet. */
  foresee(text) {
    this.signature = ""
    this.text = text
  }

  spans() {
    return [...this.words.querySelectorAll("span")]
  }

  /** The word that is said at `time`, none while the row shows words without times. */
  wordAt(time) {
    const spans = this.words.querySelectorAll("span")
    if (spans.length !== this.starts.length) return undefined
    return spans[lastBefore(spans.length, (k) => this.starts[k], time)]
  }

  /** When the word of `span` is said; the passage's start if it has no times. */
  timeOf(span) {
    const spans = this.spans()
    return spans.length === this.starts.length ? this.starts[spans.indexOf(span)] : this.start
  }

  /** The text nodes of the passage as it is drawn. */
  texts() {
    const walker = document.createTreeWalker(this.words, NodeFilter.SHOW_TEXT)
    const found = []
    while (walker.nextNode()) found.push(walker.currentNode)
    return found
  }
}

class Passages {
  /** @param {HTMLElement} list */
  constructor(list) {
    this.list = list
    /** @type {Row[]} */
    this.rows = []
    this.passages = []
  }

  /**
   * @param {(row: Row) => boolean} isHeld a row that must stay as it is for now
   */
  update(passages, labels, options, isHeld) {
    this.passages = passages
    for (const old of this.rows.splice(passages.length)) old.element.remove()
    let previous = ""
    const added = []
    passages.forEach((passage, index) => {
      if (!this.rows[index]) {
        this.rows[index] = new Row(index)
        added.push(this.rows[index].element)
      }
      const row = this.rows[index]
      const signature = JSON.stringify([passage, previous, options, labels.speaker])
      if (row.signature !== signature && !isHeld(row)) {
        row.show(passage, signature, labels, options, previous)
      }
      previous = passage.speaker
    })
    this.list.append(...added)
  }

  rowOf(node) {
    const inside = node instanceof Element ? node : node?.parentElement
    const section = inside?.closest("section")
    return section ? this.rows[Number(section.dataset.index)] : undefined
  }

  rowAt(time) {
    return this.rows[lastBefore(this.rows.length, (k) => this.rows[k].start, time)]
  }

  /** The next row that can be seen, a step of 1 or -1 from `row`. */
  beside(row, step) {
    let index = row.index + step
    while (this.rows[index]?.element.hidden) index += step
    return this.rows[index]
  }
}
