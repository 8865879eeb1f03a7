// Plays the recording and marks the word that is said.

const SKIP_S = 5
const SPEED_STEP = 0.05
const [SLOWEST, FASTEST] = [0.5, 2]

const LINGER_MS = 5000

// What a person chose, for as long as the page is open.
const habits = { edit: false, follow: true, loop: false, speed: 1 }

// The one sound of the page. The editor of a running job leaves it to that of the finished one, which
// comes a moment before or after the other goes, so that playing goes on.
const sound = {
  source: "",
  /** @type {HTMLAudioElement | null} */
  audio: null,
  /** @type {Player | null} */
  owner: null,
  wasPlaying: false, // when its last owner went

  /** @param {string} source its address */
  of(source) {
    if (this.source !== source) {
      this.end()
      this.source = source
      this.audio = document.createElement("audio")
      this.audio.preload = "metadata"
      this.audio.preservesPitch = true
      this.audio.src = source
      document.body.append(this.audio) // it would stop whenever its editor is taken off the page
    }
    return this.audio
  },

  /** The browser's copy of the recording goes, too. */
  end() {
    if (this.audio) {
      this.audio.onerror = null
      this.audio.pause()
      this.audio.removeAttribute("src")
      this.audio.load()
      this.audio.remove()
    }
    Object.assign(this, { source: "", audio: null, owner: null, wasPlaying: false })
  },
}

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
    this.source = source ?? ""
    this.box.hidden = !source
    if (!source) {
      this.lose()
      sound.end()
      return
    }
    sound.owner?.lose()
    const audio = sound.of(source)
    sound.owner = this
    this.audio = audio
    audio.onloadedmetadata = () => this.setSpeed(habits.speed)
    audio.onerror = () => {
      this.box.querySelector(".time").textContent = this.labels.unplayable
    }
    audio.onplay = audio.onpause = () => this.showState()
    audio.onseeking = audio.ontimeupdate = () => this.look()
    audio.ondurationchange = () => this.showTime()
    this.setSpeed(habits.speed)
    if (sound.wasPlaying) this.play()
    sound.wasPlaying = false
    this.showState()
  }

  /** The sound is another's now, or gone. */
  lose() {
    cancelAnimationFrame(this.frame)
    this.audio = null
    this.mark(undefined, undefined)
  }

  /** The editor is taken off the page. */
  close() {
    this.lose()
    if (sound.owner !== this) return
    sound.owner = null
    sound.wasPlaying = !sound.audio.paused
    sound.audio.pause()
    setTimeout(() => sound.owner ?? sound.end(), LINGER_MS)
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
