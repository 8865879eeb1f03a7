// The small card beside a word, a tag or a name: what else it may be, in which language to listen
// again, who speaks. One card, with one thing at a time.

const CORE = /[\p{L}\p{N}_](?:.*[\p{L}\p{N}_])?/su

/** `text` without the punctuation around it; all of it if it is nothing else. */
function core(text) {
  return CORE.exec(text)?.[0] ?? text
}

class Card {
  /**
   * @param {ShadowRoot} root
   * @param {Passages} passages
   * @param {Outbox} outbox
   * @param {Player} player
   * @param {Typing} typing
   * @param {() => void} onClose
   */
  constructor(root, passages, outbox, player, typing, onClose) {
    Object.assign(this, { root, passages, outbox, player, typing, onClose })
    this.box = root.querySelector(".card")
    this.anchor = null
    this.everywhere = false
    this.isTour = false // opened by the key that goes from one doubtful word to the next
    this.visited = null // row and place of the doubtful word it was opened at last
    this.box.addEventListener("keydown", (event) => this.press(event))
    root.addEventListener("pointerdown", (event) => {
      if (!this.box.contains(event.target)) this.close()
    })
  }

  open(anchor, label, parts, takesFocus) {
    this.anchor = anchor
    this.box.setAttribute("aria-label", label)
    this.box.replaceChildren(...parts)
    this.box.hidden = false
    const place = anchor.getBoundingClientRect()
    const frame = this.box.offsetParent.getBoundingClientRect()
    const isLow = place.bottom + this.box.offsetHeight > innerHeight - 140
    const above = place.top - this.box.offsetHeight - 6
    this.box.style.top = `${(isLow && above > 0 ? above : place.bottom + 6) - frame.top}px`
    const rightmost = Math.max(0, frame.width - this.box.offsetWidth)
    this.box.style.left = `${Math.min(place.left - frame.left, rightmost)}px`
    if (takesFocus) this.box.querySelector("input:not([type=checkbox]), button")?.focus()
  }

  close() {
    if (this.box.hidden) return
    const hadFocus = this.box.contains(this.root.activeElement)
    this.box.hidden = true
    this.isTour = false
    if (hadFocus) this.backTo?.focus({ preventScroll: true })
    this.onClose()
  }

  /** Whether it is open at a word of this row, which must not be drawn anew meanwhile. */
  holds(row) {
    return !this.box.hidden && row.words.contains(this.anchor)
  }

  button(label, onclick) {
    const made = element("button", "", label)
    made.onclick = onclick
    return made
  }

  press(event) {
    if (event.key === "Escape") {
      event.stopPropagation()
      this.close()
    }
    if (event.target.matches("input:not([type=checkbox])")) return
    if (/^[1-9]$/.test(event.key)) {
      const choice = this.box.querySelectorAll(".choice")[Number(event.key) - 1]
      if (choice) choice.click()
    }
  }

  // Doubtful words

  doubts() {
    return [...this.passages.list.querySelectorAll(".doubt")]
  }

  /** On to the doubtful word after, or before, the one looked at last; round at the ends. */
  tour(step) {
    const all = this.doubts()
    if (!all.length) return
    const from = this.lastLookedAt()
    const isAfter = (one) =>
      Boolean(from && from.compareDocumentPosition(one) & Node.DOCUMENT_POSITION_FOLLOWING)
    const others = all.filter((one) => one !== from)
    const next = from
      ? step > 0
        ? others.find(isAfter)
        : others.findLast((one) => !isAfter(one))
      : undefined
    const word = next ?? (step > 0 ? all[0] : all[all.length - 1])
    bringIntoView(word)
    this.showDoubt(word, true)
    this.isTour = true
  }

  lastLookedAt() {
    const { visited, player } = this
    if (visited) return visited.row.spans()[visited.place] ?? visited.row.words
    return player.marked ?? player.markedRow?.words ?? null
  }

  showDoubt(word, takesFocus) {
    const { labels } = this
    const row = this.passages.rowOf(word)
    this.visited = { row, place: row.spans().indexOf(word) }
    this.backTo = row.time
    const choices = element("div", "choices")
    word.others.slice(0, 9).forEach((other, k) => {
      const choice = this.button(other, () => this.settle(word, other))
      const key = element("kbd", "", String(k + 1))
      key.ariaHidden = "true"
      choice.ariaKeyShortcuts = String(k + 1)
      choice.classList.add("choice")
      choice.prepend(key)
      choices.append(choice)
    })
    const same = element("label")
    const box = element("input")
    box.type = "checkbox"
    box.checked = this.everywhere
    box.onchange = () => (this.everywhere = box.checked)
    const alike = this.doubts().filter((one) => core(one.textContent) === core(word.textContent))
    same.append(box, `${labels.everywhere} (${alike.length})`)
    const actions = element("div", "actions")
    actions.append(
      this.button(`✓ ${labels.right}`, () => this.settle(word, word.textContent)),
      this.button(labels.type, () => this.typeOver(word)),
    )
    if (this.player.audio) {
      const start = row.timeOf(word)
      actions.append(this.button(labels.hear, () => this.player.playFrom(start - 1)))
    }
    const parts = [element("div", "fact", word.title), choices, actions]
    if (alike.length > 1) parts.push(same)
    this.open(word, labels.suggestions, parts, false)
    if (takesFocus) actions.querySelector("button").focus({ preventScroll: true })
  }

  settle(word, text) {
    const row = this.passages.rowOf(word)
    const [isTour, everywhere] = [this.isTour, this.everywhere]
    const was = core(word.textContent)
    const event = {
      kind: "settle",
      passage: row.index,
      was: row.text,
      word: row.spans().indexOf(word),
      text,
      everywhere,
    }
    const settled = everywhere
      ? this.doubts().filter((one) => core(one.textContent) === was)
      : [word]
    const touched = new Set()
    for (const one of settled) {
      const by = core(one.textContent) === one.textContent ? core(text) : text
      one.textContent = one.textContent.replace(core(one.textContent), () => core(by))
      one.className = one.classList.contains("playing") ? "playing" : ""
      one.title = ""
      const changed = this.passages.rowOf(one)
      changed.foresee(changed.words.textContent)
      touched.add(changed.index)
    }
    this.outbox.add(event, [...touched])
    this.close()
    if (isTour) this.tour(1)
  }

  typeOver(word) {
    const range = document.createRange()
    range.selectNodeContents(word)
    const row = this.passages.rowOf(word)
    this.close()
    this.typing.begin(row, range)
  }

  // Language and speaker

  showRerun(row) {
    const again = (language) => () => {
      this.close()
      this.outbox.add({ kind: "rerun", passage: row.index, was: row.text, language })
    }
    this.backTo = row.tag
    const { rerun, rerun_zh: zh, rerun_en: en } = this.labels
    this.open(row.tag, rerun, [this.button(zh, again("zh")), this.button(en, again("en"))], true)
  }

  showSpeaker(row) {
    const form = element("form")
    const input = element("input")
    input.value = row.speaker.dataset.name
    input.placeholder = this.labels.speaker_name
    input.ariaLabel = this.labels.speaker_name
    input.spellcheck = false
    input.autocomplete = "off"
    const save = element("button", "", "✓")
    save.type = "submit"
    save.ariaLabel = this.labels.speaker_name
    form.append(input, save)
    form.onsubmit = (event) => {
      event.preventDefault()
      this.close()
      const name = input.value
      this.outbox.add({ kind: "speaker", passage: row.index, was: row.text, name })
    }
    this.backTo = row.speaker
    this.open(row.speaker, this.labels.speaker_name, [form], true)
  }
}
