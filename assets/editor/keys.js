// Which key does what, while nobody types.

const KEYS = {
  " ": "play",
  ArrowLeft: "back",
  ArrowRight: "forward",
  "[": "slower",
  "]": "faster",
  l: "loop",
  f: "follow",
  e: "edit",
  n: "nextUnsure",
  p: "previousUnsure",
  q: "quote",
}
const SHIFT_KEYS = { n: "previousUnsure" }
const CONTROL_KEYS = { z: "undo", y: "redo", f: "find" }
const CONTROL_SHIFT_KEYS = { z: "redo" }
const KEYS_ANYWHERE = { F8: "play", F2: "back", F4: "forward" }

// What has keys of its own, elsewhere on the page.
const ELSEWHERE = "button, input, textarea, select, a, summary, [role=dialog], [contenteditable]"

/**
 * What a key asks for, if anything: one of the names above.
 *
 * @param {KeyboardEvent} event
 * @param {ShadowRoot} root
 */
function askedBy(event, root) {
  const [target] = event.composedPath()
  const isHere = target instanceof Element && (root.contains(target) || !target.closest(ELSEWHERE))
  if (!isHere || event.isComposing || event.defaultPrevented || event.altKey) return undefined
  if (event.key in KEYS_ANYWHERE) return KEYS_ANYWHERE[event.key]
  const isRange = target.matches("input[type=range]")
  const isTyped = target.matches("input:not([type=range], [type=checkbox]), textarea, select")
  const isControl = event.ctrlKey || event.metaKey
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key // Caps Lock may be on
  if (isControl && key === "f" && !isTyped) return "find"
  if (isTyped || target.isContentEditable) return undefined
  if (isControl) return (event.shiftKey ? CONTROL_SHIFT_KEYS : CONTROL_KEYS)[key]
  if (key === " " && target.matches("button, input")) return undefined // it is pressed by it
  if (isRange && key.startsWith("Arrow")) return undefined
  return event.shiftKey ? SHIFT_KEYS[key] : KEYS[key]
}
