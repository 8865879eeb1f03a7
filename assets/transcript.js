// Passages with times; a click on a word or a time plays from there, the playing word is marked.
// Streamlit runs this again on each change of data or theme, and the cleanup only at the end.

const followers = new WeakMap()

function player() {
  return document.querySelector(".st-key-player audio")
}

function seek(start) {
  const audio = player()
  if (!audio) return
  audio.currentTime = start
  audio.play()
}

function passageElement(passage) {
  const row = document.createElement("section")
  const time = document.createElement("button")
  time.type = "button"
  time.textContent = passage.time
  time.title = passage.label
  time.dataset.start = passage.start
  const tag = document.createElement("small")
  tag.textContent = passage.tag
  tag.dataset.language = passage.language
  const text = document.createElement("p")
  text.lang = passage.language
  text.dir = "auto"
  for (const piece of passage.pieces) {
    if (typeof piece === "string") {
      text.append(piece)
    } else {
      const word = document.createElement("span")
      word.textContent = piece[0]
      word.dataset.start = piece[1]
      text.append(word)
    }
  }
  row.append(time, tag, text)
  return row
}

// The last word that starts at or before `time`: starts never decrease.
function wordAt(words, time) {
  let low = 0
  let high = words.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (Number(words[middle].dataset.start) <= time) low = middle + 1
    else high = middle
  }
  return words[low - 1]
}

export default function ({ data, parentElement }) {
  const root = parentElement.querySelector(".transcript")
  const wanted = data.passages.map((passage) => JSON.stringify(passage))
  const shown = [...root.children]
  let same = 0
  while (same < shown.length && shown[same].passage === wanted[same]) same++
  for (const old of shown.slice(same)) old.remove()
  for (let i = same; i < wanted.length; i++) {
    const row = passageElement(data.passages[i])
    row.passage = wanted[i]
    root.append(row)
  }

  root.onclick = (event) => {
    const target = event.target.closest("[data-start]")
    if (target && document.getSelection().isCollapsed) seek(Number(target.dataset.start))
  }

  const words = [...root.querySelectorAll("span")]
  let marked = null
  const follow = (event) => {
    if (event.target !== player()) return
    const time = event.target.currentTime
    const word = time > 0 ? wordAt(words, time) : undefined
    if (word === marked) return
    marked?.classList.remove("playing")
    word?.classList.add("playing")
    marked = word
  }
  const stop = () => {
    document.removeEventListener("timeupdate", followers.get(parentElement), true)
  }
  stop()
  followers.set(parentElement, follow)
  document.addEventListener("timeupdate", follow, true) // media events do not bubble
  return stop
}
