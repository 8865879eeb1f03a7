// Puts the parts together. Streamlit calls the function below on each change of data or theme, and
// what it gave back when the component is taken off the page.

const SENTENCE_END = /[.?!。？！…]["'”’）)」』]*$/u

class Editor {
  /** @param {ShadowRoot} root */
  constructor(root) {
    this.root = root
    this.dock = root.querySelector(".dock")
    this.status = root.querySelector(".status")
    this.outbox = new Outbox()
    this.passages = new Passages(root.querySelector(".transcript"))
    this.player = new Player(root.querySelector(".player"), this.passages)
    this.typing = new Typing(root, this.passages, this.outbox, () => this.draw())
    this.card = new Card(root, this.passages, this.outbox, this.player, this.typing, () =>
      this.draw(),
    )
    this.find = new Find(root, this.passages, this.outbox, (message) => this.say(message))
    this.player.mayScroll = () => !this.typing.row && this.card.box.hidden
    this.actions = {
      play: () => this.player.toggle(),
      back: () => this.player.skip(-1),
      forward: () => this.player.skip(1),
      slower: () => this.player.changeSpeed(-1),
      faster: () => this.player.changeSpeed(1),
      loop: () => this.player.setLoop(!habits.loop),
      follow: () => (habits.follow = !habits.follow),
      edit: () => this.edit(),
      undo: () => this.outbox.add({ kind: "undo" }),
      redo: () => this.outbox.add({ kind: "redo" }),
      find: () => this.find.open(),
      closeFind: () => this.find.close(),
      previousHit: () => this.find.step(-1),
      nextHit: () => this.find.step(1),
      replaceOne: () => this.find.replaceOne(),
      replaceAll: () => this.find.replaceAll(),
      nextUnsure: () => this.card.tour(1),
      previousUnsure: () => this.card.tour(-1),
      quote: () => this.quote(),
    }
    this.passages.list.onclick = (event) => this.click(event)
    this.passages.list.ondblclick = (event) => this.doubleClick(event)
    this.dock.onclick = (event) => this.act(event.target.closest("[data-do]")?.dataset.do)
    // A click on a button leaves caret and selection where they are.
    this.dock.onmousedown = (event) => {
      if (event.target.closest("button")) event.preventDefault()
    }
    this.passages.list.addEventListener("input", () => this.card.close())
    this.onKey = (event) => {
      const name = askedBy(event, this.root)
      if (name && this.can(name)) {
        event.preventDefault()
        this.act(name)
      }
    }
    document.addEventListener("keydown", this.onKey)
  }

  can(name) {
    const needsText = ["edit", "undo", "redo", "nextUnsure", "previousUnsure", "quote"]
    if (needsText.includes(name)) return this.data.canEdit
    return name === "find" || Boolean(this.player.audio)
  }

  act(name) {
    if (!name) return
    this.actions[name]()
    this.showSwitches()
  }

  /** Editing begins at the word last heard, so that a key is enough to get there. */
  edit() {
    this.card.close()
    this.typing.setMode(!habits.edit)
    if (!habits.edit) return
    const { marked } = this.player
    const caret = marked?.isConnected ? document.createRange() : null
    caret?.setStart(marked, 0)
    this.typing.begin(caret ? this.player.markedRow : this.passages.rows[0], caret ?? "start")
  }

  update(data, send) {
    this.data = data
    this.outbox.send = send
    this.outbox.acknowledge(data.applied)
    this.card.labels = this.find.labels = data.labels
    this.typing.canEdit = data.canEdit
    this.label(data.labels, data.keys)
    this.dock.hidden = !data.audio && !data.passages.length
    this.player.open(data.audio, data.labels)
    this.draw()
  }

  draw() {
    const { passages, labels, canEdit, canRerun } = this.data
    this.passages.update(passages, labels, { canEdit, canRerun }, (row) => this.isHeld(row))
    this.typing.refresh()
    this.player.look()
    this.find.look(false)
    this.count()
    this.showSwitches()
  }

  /** A passage that is being written, or looked at in the card, or of which Python does not know yet, stays as it is. */
  isHeld(row) {
    if (this.outbox.holds(row.index) || this.card.holds(row)) return true
    if (row !== this.typing.row) return false
    row.text = this.data.passages[row.index].text // what is saved replaces the text as it is now
    return true
  }

  label(labels, keys) {
    for (const one of this.root.querySelectorAll("[data-label]")) {
      const name = one.dataset.label
      const isPlain = one.matches("span:not([role]), button:not(.icon)")
      if (isPlain && !one.matches(".unsure")) one.textContent = labels[name]
      if (!isPlain) one.setAttribute("aria-label", labels[name])
      if (one.matches("button")) one.title = keys[name] ? `${labels[name]} (${keys[name]})` : labels[name]
      if (one.matches("input:not([type])")) one.placeholder = labels[name]
    }
  }

  count() {
    const { labels } = this.data
    const n = this.passages.list.querySelectorAll(".doubt").length
    const button = this.root.querySelector(".unsure")
    if (n !== this.unsure) this.say(n ? filled(labels.unsure, { n }) : labels.no_unsure)
    this.unsure = n
    button.textContent = n ? filled(labels.unsure, { n }) : `✓ ${labels.no_unsure}`
    button.disabled = !n
  }

  showSwitches() {
    const { canEdit, canUndo, canRedo } = this.data
    for (const button of this.root.querySelectorAll("[aria-pressed]")) {
      button.setAttribute("aria-pressed", String(habits[button.dataset.do]))
    }
    this.root.querySelector(".editor").classList.toggle("edits", canEdit)
    this.root.querySelector("[data-do=undo]").disabled = !canUndo && !this.outbox.waiting.length
    this.root.querySelector("[data-do=redo]").disabled = !canRedo
  }

  say(message) {
    this.status.textContent = message
  }

  /** @param {MouseEvent} event */
  click(event) {
    const row = this.passages.rowOf(event.target)
    if (!row) return
    const button = event.target.closest("button")
    if (button === row.time) this.player.playFrom(row.start)
    else if (button === row.tag) this.card.showRerun(row)
    else if (button === row.speaker) this.card.showSpeaker(row)
    else if (row.words.contains(event.target)) this.clickWords(event, row)
  }

  clickWords(event, row) {
    if (rangeOf(this.root)?.toString()) return // something was selected
    const word = event.target.closest("span")
    if (word) this.player.playFrom(row.timeOf(word))
    else if (!row.starts.length) this.player.playFrom(row.start)
    if (word?.matches(".doubt") && this.data.canEdit) this.card.showDoubt(word, false)
  }

  doubleClick(event) {
    const row = this.passages.rowOf(event.target)
    if (!row?.words.contains(event.target) || !this.data.canEdit) return
    const selected = rangeOf(this.root)
    this.card.close()
    this.typing.begin(row, selected)
  }

  /** What is selected in a passage becomes a quote; else the sentence of the caret, or last heard. */
  quote() {
    if (this.typing.row) this.typing.save(this.typing.row)
    const selected = rangeOf(this.root)
    const row = this.passages.rowOf(selected?.startContainer) ?? this.player.markedRow
    if (!row) return
    const spans = row.spans()
    const isChosen = row.words.contains(selected?.startContainer ?? null)
    const within = (span) => (isChosen ? selected.intersectsNode(span) : span === this.player.marked)
    let [first, last] = [spans.findIndex(within), spans.findLastIndex(within)]
    if (first < 0) [first, last] = [0, spans.length]
    else if (!isChosen || selected.collapsed) {
      const ends = (k) => SENTENCE_END.test(spans[k].textContent)
      while (first > 0 && !ends(first - 1)) first--
      while (last < spans.length - 1 && !ends(last)) last++
    }
    this.outbox.add({ kind: "quote", passage: row.index, was: row.text, first, last })
    this.say(this.data.labels.quoted)
  }

  close() {
    document.removeEventListener("keydown", this.onKey)
    this.typing.goTo(null)
    this.player.close()
    this.find.close()
    this.outbox.close()
  }
}

/** @type {WeakMap<ShadowRoot, Editor>} */
const editors = new WeakMap()

export default function ({ data, parentElement, setStateValue }) {
  const editor = editors.get(parentElement) ?? new Editor(parentElement)
  editors.set(parentElement, editor)
  editor.update(data, (message) => setStateValue("events", message))
  // Streamlit calls this for a call that a newer one overtook, too: then all goes on.
  return () => {
    if (parentElement.isConnected) return
    editor.close()
    editors.delete(parentElement)
  }
}
