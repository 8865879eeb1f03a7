// Plays the recording and marks the word that is said.

const SKIP_S = 5
const SPEED_STEP = 0.05
const [SLOWEST, FASTEST] = [0.5, 2]

// What a person chose, for as long as the page is open; and where the player stopped that was taken
// off the page, to go on there when it is put on again.
const habits = { edit: false, follow: true, loop: false, speed: 1 }
const left = { source: "", time: 0, isPlaying: false }

class Player {
  /**
   * @param {HTMLElement} box
   * @param {Passages} passages
   */
  constructor(box, passages) {
    this.box = box
    this.passages = passages
    this.bar = box.querySelector(".seek")
    this.bar.oninput = () => this.seek(Number(this.bar.value))
    /** @type {HTMLAudioElement | null} */
    this.audio = null
    this.source = ""
    this.marked = null
    this.markedRow = null
    this.loopRow = null
    this.frame = 0
    this.mayScroll = () => true
  }

  /** @param {string | null} source the address of the recording, null once it is forgotten */
  open(source, labels) {
    this.labels = labels
    if ((source ?? "") === this.source) return
    this.close()
    this.source = source ?? ""
    this.box.hidden = !source
    if (!source) return
    const audio = document.createElement("audio")
    this.audio = audio
    audio.preload = "metadata"
    audio.preservesPitch = true
    audio.onloadedmetadata = () => {
      if (left.source === source) {
        audio.currentTime = left.time
        if (left.isPlaying) this.play()
      }
      left.source = ""
      this.setSpeed(habits.speed)
      this.showTime()
    }
    audio.onerror = () => {
      this.box.querySelector(".time").textContent = this.labels.unplayable
    }
    audio.onplay = audio.onpause = () => this.showState()
    audio.onseeking = audio.ontimeupdate = () => this.look()
    audio.src = source
    this.box.append(audio)
    this.setSpeed(habits.speed)
    this.showState()
  }

  close() {
    cancelAnimationFrame(this.frame)
    if (!this.audio) return
    const { currentTime, paused } = this.audio
    Object.assign(left, { source: this.source, time: currentTime, isPlaying: !paused })
    this.audio.onerror = null
    this.audio.pause()
    this.audio.removeAttribute("src") // the browser's copy goes, too
    this.audio.load()
    this.audio.remove()
    this.audio = null
    this.source = ""
    this.mark(undefined, undefined)
  }

  play() {
    this.audio?.play().catch(() => {}) // told by onerror, or another seek came first
  }

  toggle() {
    if (this.audio?.paused) this.play()
    else this.audio?.pause()
  }

  seek(time) {
    if (!this.audio) return
    this.audio.currentTime = Math.max(0, time)
    this.loopRow = this.passages.rowAt(time)
    this.look()
  }

  playFrom(time) {
    this.seek(time)
    this.play()
  }

  skip(steps) {
    if (this.audio) this.seek(this.audio.currentTime + steps * SKIP_S)
  }

  changeSpeed(steps) {
    this.setSpeed(habits.speed + steps * SPEED_STEP)
  }

  setSpeed(speed) {
    const rounded = Math.round(speed / SPEED_STEP) * SPEED_STEP
    habits.speed = Number(Math.min(FASTEST, Math.max(SLOWEST, rounded)).toFixed(2))
    this.box.querySelector(".speed output").textContent = `${habits.speed.toFixed(2)}×`
    if (this.audio) this.audio.defaultPlaybackRate = this.audio.playbackRate = habits.speed
  }

  showState() {
    const isPlaying = Boolean(this.audio && !this.audio.paused)
    this.box.classList.toggle("is-playing", isPlaying)
    const button = this.box.querySelector(".play")
    button.setAttribute("aria-label", isPlaying ? this.labels.pause : this.labels.play)
    cancelAnimationFrame(this.frame)
    if (isPlaying) this.frame = requestAnimationFrame(() => this.run())
    this.showTime()
  }

  /** Once a frame while it plays: a word may be shorter than the time between two events. */
  run() {
    this.look()
    if (this.audio && !this.audio.paused) this.frame = requestAnimationFrame(() => this.run())
  }

  /** Marks the word that is said now; at the end of a looped passage goes back to its start. */
  look() {
    if (!this.audio) return
    const time = this.audio.currentTime
    if (habits.loop && this.loopRow && !this.audio.paused && time >= this.loopRow.end) {
      this.audio.currentTime = this.loopRow.start
      return
    }
    const row = time > 0 ? this.passages.rowAt(time) : undefined
    this.mark(row, row?.wordAt(time))
    this.showTime()
  }

  mark(row, word) {
    if (word !== this.marked) {
      this.marked?.classList.remove("playing")
      word?.classList.add("playing")
      this.marked = word
    }
    if (row === this.markedRow) return
    this.markedRow = row
    if (row && habits.follow && this.mayScroll()) bringIntoView(row.element)
  }

  showTime() {
    if (!this.audio || this.audio.error) return
    const { currentTime, duration } = this.audio
    const length = Number.isFinite(duration) ? duration : 0
    const said = `${clock(currentTime)} / ${clock(length)}`
    const shown = this.box.querySelector(".time")
    if (shown.textContent === said && this.bar.max === String(length)) return
    shown.textContent = said
    this.bar.max = String(length)
    this.bar.value = String(currentTime)
    this.bar.setAttribute("aria-valuetext", said)
  }

  setLoop(on) {
    habits.loop = on
    this.loopRow = this.audio ? this.passages.rowAt(this.audio.currentTime) : null
  }
}

/** Scrolls `shown` to the middle, unless all of it can be seen. */
function bringIntoView(shown) {
  const { top, bottom } = shown.getBoundingClientRect()
  const margin = innerHeight / 6 // the page's header, the player
  if (top < margin || bottom > innerHeight - margin) shown.scrollIntoView({ block: "center" })
}
