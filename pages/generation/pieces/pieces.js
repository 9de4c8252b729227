// Pictures that are buttons: each plays the audio element of the page with its number, and shows how far it is.

const EVENTS = ["play", "pause", "timeupdate"]; // they do not bubble, but are seen on their way down

export default function ({ data, parentElement }) {
  const list = parentElement.querySelector(".pieces");
  if (!list.childElementCount) list.append(...data.pieces.map(makePiece));
  const follow = ({ target }) => {
    const piece = list.children[sounds().indexOf(target)];
    if (piece) show(piece, target);
  };
  EVENTS.forEach(name => document.addEventListener(name, follow, true));
  return () => EVENTS.forEach(name => document.removeEventListener(name, follow, true));
}

const sounds = () => [...document.querySelectorAll(".st-key-stored_sounds audio")];

function makePiece({ name, picture }, place) {
  const piece = document.createElement("button");
  piece.type = "button";
  piece.className = "piece";
  piece.setAttribute("aria-pressed", "false");
  piece.innerHTML = `<span class="piece-picture" aria-hidden="true"><img alt=""><i class="piece-place"></i>
    <span class="piece-mark">play_arrow</span></span><span class="piece-name"></span>`;
  piece.querySelector("img").src = picture;
  piece.querySelector(".piece-name").textContent = name;
  piece.addEventListener("click", () => toggle(place));
  return piece;
}

async function toggle(place) {
  const sound = sounds()[place], starts = sound?.paused;
  document.querySelectorAll("audio").forEach(other => other.pause()); // one at a time
  if (!starts) return;
  try {
    await sound.play();
  } catch { /* it was paused again before it began */ }
}

function show(piece, sound) {
  piece.setAttribute("aria-pressed", String(!sound.paused));
  piece.querySelector(".piece-mark").textContent = sound.paused ? "play_arrow" : "pause";
  piece.toggleAttribute("data-begun", !sound.ended && sound.currentTime > 0);
  piece.style.setProperty("--place", sound.currentTime / (sound.duration || 1));
}
