// A round button that plays the audio element in the container `of`, and shows how far it is.

// Sounds that have begun by themselves, by data.begins: each does so once, whenever the page shows it again.
const begun = (window.earmarkBegun ??= new Set());
const LOOKS = 20, LOOK_MS = 250;
const EVENTS = ["play", "pause", "timeupdate", "loadedmetadata", "ended"]; // seen on their way down

export default function ({ data, parentElement }) {
  const button = parentElement.querySelector(".play-button"), place = `.st-key-${data.of}`;
  const sound = () => document.querySelector(`${place} audio`); // Streamlit may have put another in its place
  if (!button.childElementCount) {
    button.innerHTML = `<svg viewBox="0 0 100 100" aria-hidden="true"><circle cx="50" cy="50" r="46"/>
      <circle cx="50" cy="50" r="46" pathLength="1" transform="rotate(-90 50 50)" class="play-button-ring"/>
      <path d="M39 22 L70 41 L39 60 Z" class="play-button-play"/>
      <path d="M36 24 h10 v34 h-10 Z M54 24 h10 v34 h-10 Z" class="play-button-pause"/></svg>
      <span class="play-button-left" aria-hidden="true"></span>`;
  }
  const toggle = async () => {
    const playing = sound(), starts = playing?.paused;
    document.querySelectorAll("audio").forEach(other => other.pause()); // one at a time
    if (!starts) return;
    try {
      await playing.play();
    } catch { /* it was paused again before it began */ }
  };
  const follow = ({ target }) => { if (target.closest?.(place)) show(button, target); };
  button.addEventListener("click", toggle);
  EVENTS.forEach(name => document.addEventListener(name, follow, true));
  show(button, sound());
  if (data.begins && !begun.has(data.begins)) begin(sound, data.begins);
  return () => {
    button.removeEventListener("click", toggle);
    EVENTS.forEach(name => document.removeEventListener(name, follow, true));
  };
}

// While a page is being made, Streamlit may take the element away again and put another in its place.
async function begin(sound, id) {
  begun.add(id);
  for (let look = 0, last = null; look < LOOKS && !(last && last === sound()); look++) {
    last = sound();
    try {
      await last?.play();
    } catch (error) {
      if (error.name === "NotAllowedError") return; // the browser wants a click first
    }
    await new Promise(done => setTimeout(done, LOOK_MS));
  }
}

function show(button, sound) {
  const isPlaying = Boolean(sound && !sound.paused && !sound.ended);
  const length = Number.isFinite(sound?.duration) ? sound.duration : 0, at = sound?.currentTime ?? 0;
  button.setAttribute("aria-label", isPlaying ? "Pause" : "Play");
  button.toggleAttribute("data-playing", isPlaying);
  button.querySelector(".play-button-left").textContent = length ? `${Math.ceil(length - (at < length ? at : 0) - 0.2)} s` : "";
  button.style.setProperty("--place", length ? Math.min(1, at / length) : 0);
}
