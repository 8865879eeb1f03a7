// The microphone: what is spoken goes to the page's own server as it comes, twice a second, and is
// kept nowhere in between.

const RATE = 16_000 // what is recognized; some browsers can only give what the device gives
const PIECE_MS = 500
const AGAIN_MS = 3000 // Streamlit may drop a message, so it is said until it is heard

// Runs beside the page, where no redraw can make it stutter.
const EAR = `registerProcessor("ear", class extends AudioWorkletProcessor {
  process([[samples]]) {
    if (samples) this.port.postMessage(samples.slice())
    return true
  }
})`

/** @type {WeakMap<HTMLElement, Recorder>} */
const recorders = new WeakMap()

/** An open microphone: its sound as 16-bit numbers, until it is closed. */
class Microphone {
  /**
   * @param {(samples: Int16Array) => void} hear
   * @param {() => void} lose it was pulled out, or taken away
   */
  static async open(hear, lose) {
    const it = new Microphone()
    it.stream = await navigator.mediaDevices.getUserMedia({ audio: { channelCount: 1 } })
    it.stream.getAudioTracks()[0].onended = lose
    try {
      const source = it.connected()
      const address = URL.createObjectURL(new Blob([EAR], { type: "text/javascript" }))
      await it.context.audioWorklet.addModule(address)
      URL.revokeObjectURL(address)
      const ear = new AudioWorkletNode(it.context, "ear")
      ear.port.onmessage = ({ data }) =>
        hear(Int16Array.from(data, (x) => Math.max(-1, Math.min(1, x)) * 32767))
      source.connect(ear).connect(it.context.destination) // silence, since what leads nowhere rests
      await it.context.resume()
    } catch (error) {
      it.close()
      throw error
    }
    return it
  }

  /** The stream in a context of the rate that is wanted, or else of its own. */
  connected() {
    try {
      this.context = new AudioContext({ sampleRate: RATE })
      return this.context.createMediaStreamSource(this.stream)
    } catch {
      this.context?.close()
      this.context = new AudioContext()
      return this.context.createMediaStreamSource(this.stream)
    }
  }

  close() {
    for (const track of this.stream.getTracks()) track.stop()
    this.context?.close()
  }
}

/** One recording after another, and the button for them. */
class Recorder {
  /** @param {HTMLElement} element */
  constructor(element) {
    this.button = element.querySelector("button")
    this.clock = element.querySelector("time")
    this.level = element.querySelector("meter")
    this.consent = element.querySelector("small")
    this.said = element.querySelector("p")
    this.button.onclick = () => (this.microphone ? this.stop() : this.start())
    this.isOn = false // from the click to the last piece that was sent
    this.id = "" // of the recording that is being made, as the server calls it
    this.last = "" // the one before
    /** @type {Microphone | null} */
    this.microphone = null
  }

  /** Take in what Python knows now. */
  update(data, setTriggerValue) {
    this.labels = data.labels
    this.tell = setTriggerValue
    if (data.id && data.id !== this.last && !this.id) {
      this.id = data.id
      if (!this.isOn) this.finish() // it is of this page before it was loaded anew
    }
    this.draw()
  }

  async start() {
    this.isOn = true
    /** @type {Int16Array[]} */
    this.pieces = []
    this.nSamples = this.peak = 0
    this.draw("")
    try {
      this.microphone = await Microphone.open(
        (samples) => this.hear(samples),
        () => this.stop(),
      )
    } catch (error) {
      this.isOn = false
      this.draw(this.labels[error.name] ?? this.labels.broken)
      return
    }
    if (!this.button.isConnected) return this.stop() // the page has gone on meanwhile
    this.rate = this.microphone.context.sampleRate
    this.draw()
    this.run()
  }

  stop() {
    this.microphone?.close()
    this.microphone = null
    this.draw()
  }

  /** @param {Int16Array} samples */
  hear(samples) {
    this.pieces.push(samples)
    this.nSamples += samples.length
    this.peak = samples.reduce((peak, x) => Math.max(peak, Math.abs(x)), this.peak)
  }

  /** Send what is heard, until it has been stopped here or there. */
  async run() {
    let asked = -Infinity
    let isWanted = true
    while (isWanted && (this.microphone || this.pieces.length || !this.id)) {
      if (!this.id && performance.now() - asked > AGAIN_MS) {
        this.tell("begun", this.rate)
        asked = performance.now()
      }
      await new Promise((done) => setTimeout(done, PIECE_MS))
      this.show()
      if (this.id && this.pieces.length) isWanted = await this.send(this.pieces.splice(0))
    }
    this.stop()
    await this.finish()
  }

  /** Say that it is over; whoever is told twice does not mind. */
  async finish() {
    await this.send([])
    this.last = this.id
    this.id = ""
    this.isOn = false
    this.draw()
    this.tell("ended", true)
  }

  /** Whether the server still wants it. */
  async send(pieces) {
    try {
      const answer = await fetch(`/spoken/${this.id}`, { method: "POST", body: new Blob(pieces) })
      return answer.ok
    } catch {
      return false
    }
  }

  show() {
    const seconds = Math.floor(this.nSamples / this.rate)
    this.clock.textContent = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`
    this.level.value = Math.sqrt(this.peak / 32768)
    this.peak = 0
  }

  /** @param {string} [problem] a sentence; nothing leaves the one that stands there */
  draw(problem) {
    this.button.textContent = this.microphone ? this.labels.stop : this.labels.record
    this.button.disabled = Boolean(this.isOn || this.id) && !this.microphone // on its way
    this.button.classList.toggle("on", Boolean(this.microphone))
    this.clock.hidden = this.level.hidden = !this.microphone
    this.consent.hidden = this.isOn
    this.consent.textContent = this.labels.consent
    this.level.ariaLabel = this.labels.level
    if (problem !== undefined) this.said.textContent = problem
  }
}

export default function ({ data, parentElement, setTriggerValue }) {
  const recorder = recorders.get(parentElement) ?? new Recorder(parentElement)
  recorders.set(parentElement, recorder)
  recorder.update(data, setTriggerValue)
  // Streamlit calls this for a call that a newer one overtook, too: then all goes on.
  return () => parentElement.isConnected || recorder.stop()
}
