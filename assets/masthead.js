// The wordmark, the page's language and the way to the list of keys, which "?" opens as well.

const listeners = new WeakMap()

/** Whether a person is writing, so that a key is a letter. */
function isWriting() {
  let focused = document.activeElement
  while (focused?.shadowRoot?.activeElement) focused = focused.shadowRoot.activeElement
  return Boolean(focused?.isContentEditable || focused?.matches?.("input, textarea, select"))
}

export default function ({ data, parentElement, setTriggerValue }) {
  document.documentElement.lang = data.lang
  document.documentElement.spellcheck = false // some browsers send what they check away
  parentElement.querySelector("p").textContent = data.tagline
  for (const button of parentElement.querySelectorAll("button[lang]")) {
    button.ariaPressed = String(button.lang === data.lang)
    button.onclick = () => setTriggerValue("language", button.lang)
  }
  const keys = parentElement.querySelector(".keys")
  keys.title = keys.ariaLabel = data.keys
  keys.onclick = () => setTriggerValue("keys", true)
  const stop = () => document.removeEventListener("keydown", listeners.get(parentElement))
  stop()
  const listen = (event) => {
    if (event.key === "?" && !isWriting()) setTriggerValue("keys", true)
  }
  listeners.set(parentElement, listen)
  document.addEventListener("keydown", listen)
  // Streamlit calls this for a call that a newer one overtook, too: then all goes on.
  return () => parentElement.isConnected || stop()
}
