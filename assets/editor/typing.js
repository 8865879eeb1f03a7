// A passage is corrected where it stands.

class Typing {
  /**
   * @param {ShadowRoot} root
   * @param {Passages} passages
   * @param {Outbox} outbox
   * @param {() => void} onEnd
   */
  constructor(root, passages, outbox, onEnd) {
    Object.assign(this, { root, passages, outbox, onEnd })
    this.canEdit = false
    /** @type {Row | null} the passage that is being corrected */
    this.row = null
    passages.list.addEventListener("focusin", (event) => this.enter(event.target))
    passages.list.addEventListener("focusout", (event) => this.leave(event.target))
    passages.list.addEventListener("keydown", (event) => this.press(event))
  }

  /** Every passage takes the caret while the switch is on. */
  setMode(on) {
    habits.edit = on
    for (const row of this.passages.rows) this.allow(row, on)
  }

  allow(row, on) {
    const { words } = row
    if (on === words.isContentEditable) return
    if (!on) {
      for (const name of ["contenteditable", "role", "aria-multiline"]) words.removeAttribute(name)
      return
    }
    words.contentEditable = "plaintext-only"
    words.role = "textbox"
    words.ariaMultiLine = "true"
    words.spellcheck = false // a browser's better spelling sends text away
    words.setAttribute("autocorrect", "off")
    words.setAttribute("autocapitalize", "off")
  }

  /** New rows are as the switch has it. */
  refresh() {
    const on = this.canEdit && habits.edit
    for (const row of this.passages.rows) if (row !== this.row) this.allow(row, on)
  }

  /** @param {"start" | "end" | Range | null} where the caret goes; null leaves it where it is */
  begin(row, where) {
    if (!this.canEdit || !row) return
    if (row !== this.row) this.goTo(row)
    this.allow(row, true)
    row.words.focus({ preventScroll: true })
    const selection = document.getSelection()
    if (where instanceof Range) {
      const { startContainer, startOffset, endContainer, endOffset } = where
      selection.setBaseAndExtent(startContainer, startOffset, endContainer, endOffset)
    } else if (where) {
      selection.selectAllChildren(row.words)
      if (where === "start") selection.collapseToStart()
      else selection.collapseToEnd()
    }
    bringIntoView(row.element)
  }

  enter(target) {
    const row = this.passages.rowOf(target)
    if (target.isContentEditable && row !== this.row) this.goTo(row)
  }

  leave(target) {
    if (this.row?.words === target) this.goTo(null)
  }

  /** @param {Row | null} row the passage to be corrected from now on */
  goTo(row) {
    const left = this.row
    if (left) this.save(left)
    this.row = row
    this.began = row?.text.trim() // with what text
    if (!left) return
    this.allow(left, habits.edit)
    this.onEnd()
  }

  /** What is written goes to Python; a passage left empty, or as it was, comes back. */
  save(row) {
    const text = row.words.innerText.trim()
    if (text && text !== this.began && text !== row.text) {
      const event = { kind: "correct", passages: [[row.index, row.text, text]] }
      row.foresee(text)
      row.words.textContent = text
      this.outbox.add(event, [row.index])
      this.began = text
    } else if (row.words.textContent !== row.text) {
      row.signature = ""
    }
  }

  cancel() {
    const { row } = this
    row.words.textContent = row.text
    row.signature = ""
    row.time.focus({ preventScroll: true })
  }

  /** @param {KeyboardEvent} event */
  press(event) {
    const isOwn = this.row && event.target === this.row.words
    if (!isOwn || event.isComposing || event.keyCode === 229) return // an input method's Enter
    if (event.ctrlKey || event.metaKey || event.altKey) return
    const step = this.stepOf(event)
    if (event.key === "Escape") {
      event.preventDefault()
      event.stopPropagation()
      this.cancel()
    } else if (step) {
      const next = this.passages.beside(this.row, step)
      if (!next && event.key !== "Enter") return
      event.preventDefault()
      if (next) this.begin(next, event.key.startsWith("Arrow") && step < 0 ? "end" : "start")
      else this.row.time.focus({ preventScroll: true })
    }
  }

  /** Which passage a key leads to: 1 the next, -1 the one before, 0 it stays in this one. */
  stepOf({ key, shiftKey }) {
    if (key === "Tab") return shiftKey ? -1 : 1
    if (shiftKey) return 0
    if (key === "Enter") return 1
    if (key === "ArrowDown" || key === "ArrowRight") return this.isAtEdge(key) ? 1 : 0
    if (key === "ArrowUp" || key === "ArrowLeft") return this.isAtEdge(key) ? -1 : 0
    return 0
  }

  isAtEdge(key) {
    const caret = rangeOf(this.root)
    if (!caret?.collapsed) return false
    const rest = document.createRange()
    rest.selectNodeContents(this.row.words)
    const isBack = key === "ArrowUp" || key === "ArrowLeft"
    if (isBack) rest.setEnd(caret.startContainer, caret.startOffset)
    else rest.setStart(caret.startContainer, caret.startOffset)
    if (!rest.toString()) return true
    if (key === "ArrowLeft" || key === "ArrowRight") return false
    // On the first or last line all of the rest lies on one line.
    const rects = [...rest.getClientRects()].filter((rect) => rect.width > 0)
    const lowestTop = Math.max(...rects.map((rect) => rect.top))
    return rects.every((rect) => rect.bottom > lowestTop) && !rest.toString().includes("\n")
  }
}

/** What is selected within `root`, or the caret; browsers differ where a shadow root is concerned. */
function rangeOf(root) {
  const selection = root.getSelection?.() ?? document.getSelection()
  const [composed] = selection.getComposedRanges?.({ shadowRoots: [root] }) ?? []
  const found = composed ?? (selection.rangeCount ? selection.getRangeAt(0) : null)
  if (!found || !root.contains(found.startContainer)) return null
  const range = document.createRange()
  range.setStart(found.startContainer, found.startOffset)
  range.setEnd(found.endContainer, found.endOffset)
  return range
}
