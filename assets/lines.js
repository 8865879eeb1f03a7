// Lines of text that no spell checker and no form history may read.

const timers = new WeakMap()
const PAUSE_MS = 250

/** @param {{data: {text: string, label: string, example: string}, parentElement: HTMLElement, setTriggerValue: (name: string, value: string) => void}} component */
export default function ({ data, parentElement, setTriggerValue }) {
  const label = parentElement.querySelector("span")
  const box = parentElement.querySelector("textarea")
  label.textContent = data.label
  box.placeholder = data.example
  if (document.activeElement?.shadowRoot?.activeElement !== box && box !== document.activeElement)
    box.value = data.text
  let sent = data.text
  const send = () => {
    clearTimeout(timers.get(parentElement))
    if (box.value === sent) return
    sent = box.value
    setTriggerValue("typed", sent)
  }
  box.oninput = () => {
    clearTimeout(timers.get(parentElement))
    timers.set(parentElement, setTimeout(send, PAUSE_MS))
  }
  box.onblur = send
  // Streamlit calls this for a call that a newer one overtook, too: then all goes on.
  return () => parentElement.isConnected || send()
}
