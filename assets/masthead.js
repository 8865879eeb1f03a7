export default function ({ data, parentElement }) {
  parentElement.querySelector("p").textContent = data.tagline
}
