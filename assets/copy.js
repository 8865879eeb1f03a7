// Copies data.text. When the browser refuses, Python is asked to use this computer's clipboard.

const timers = new WeakMap()

function show(button, label, done) {
  button.textContent = label
  button.classList.toggle("done", done)
}

export default function ({ data, parentElement, setTriggerValue }) {
  const button = parentElement.querySelector("button")
  const tick = () => {
    show(button, data.done, true)
    clearTimeout(timers.get(parentElement))
    timers.set(
      parentElement,
      setTimeout(() => show(button, data.label, false), 2000),
    )
  }
  if (data.copied) tick()
  else if (!button.classList.contains("done")) show(button, data.label, false)
  button.onclick = async () => {
    try {
      await navigator.clipboard.writeText(data.text)
      tick()
    } catch {
      setTriggerValue("refused", true)
    }
  }
  // Streamlit calls this for a call that a newer one overtook, too: then all goes on.
  return () => parentElement.isConnected || clearTimeout(timers.get(parentElement))
}
