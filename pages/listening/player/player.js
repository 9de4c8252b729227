// Waveform, genre over time and spectrogram of a clip as one picture on one axis of time, with one cursor.
//
// The sound is played by the page's own audio element, under the genre: this picture follows it, and a click
// or a key moves it.

const LANES = [["Loudness", 0.17], ["Genre", 0.36], ["Pitch", 0.47]]; // name, share of the height
const AXIS_PX = 22, GAP_PX = 6;
const STEPS = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600];
const OTHERS = "#8A9099";
const started = new Set(); // clips that have started by themselves once
const players = new WeakMap();

export default function (component) {
  const root = component.parentElement;
  if (!players.has(root)) players.set(root, new Player(root));
  const player = players.get(root);
  player.show(component.data);
  return () => setTimeout(() => root.isConnected || player.release(), 1000);
}

class Player {
  constructor(root) {
    this.box = root.querySelector(".player");
    this.find = name => this.box.querySelector(`.player-${name}`);
    this.picture = this.find("picture");
    this.canvas = this.box.querySelector("canvas");
    this.observer = new ResizeObserver(() => this.draw());
    this.observer.observe(this.canvas);
    this.picture.addEventListener("pointerdown", event => this.point(event));
    this.picture.addEventListener("pointermove", event => event.buttons && this.point(event));
    this.picture.addEventListener("keydown", event => this.press(event));
    const follow = () => {
      this.follow();
      this.frame = requestAnimationFrame(follow);
    };
    follow();
  }

  release() {
    cancelAnimationFrame(this.frame);
    this.observer.disconnect();
    players.delete(this.box.parentElement);
  }

  // The page's audio element comes a moment later than we do, and is another one after each clip.
  get audio() {
    return document.querySelector(".st-key-answer_sound audio");
  }

  show(data) {
    const isNew = JSON.stringify(data) !== this.shown;
    if (!isNew) return;
    this.shown = JSON.stringify(data);
    this.data = data;
    this.picture.setAttribute("aria-valuemax", Math.round(data.duration_s));
    this.find("legend").replaceChildren(...data.genres.map(legendItem));
    this.spectrogram = new Image();
    this.spectrogram.onload = () => this.draw();
    this.spectrogram.src = data.spectrogram;
    this.draw();
    if (data.starts_itself && !started.has(data.id)) {
      started.add(data.id);
      this.start(20);
    }
  }

  // Where the browser lets it; else the visitor presses Play.
  async start(patience) {
    const audio = this.audio;
    if (!audio || audio.readyState < 2) {
      if (patience) setTimeout(() => this.start(patience - 1), 150);
      return;
    }
    try {
      await audio.play();
    } catch { /* the browser wants a click first */ }
  }

  toggle() {
    if (this.audio?.paused) this.audio.play();
    else this.audio?.pause();
  }

  // Of a long recording the sound is excerpts, one after another: place in it (s) -> place in the recording.
  toClip(soundS) {
    const { starts, piece_s } = this.data;
    if (starts.length < 2) return soundS;
    const k = Math.min(starts.length - 1, Math.floor(soundS / piece_s));
    return starts[k] + soundS - k * piece_s;
  }

  toSound(clipS) {
    const { starts, piece_s } = this.data;
    if (starts.length < 2) return clipS;
    const k = Math.max(0, starts.findLastIndex(start => start <= clipS));
    return k * piece_s + Math.max(0, Math.min(clipS - starts[k], piece_s - 0.05));
  }

  seek(clipS, plays) {
    const audio = this.audio;
    if (!audio) return;
    audio.currentTime = Math.max(0, this.toSound(Math.max(0, Math.min(this.data.duration_s, clipS))));
    if (plays && audio.paused) audio.play();
  }

  point(event) {
    const box = this.picture.getBoundingClientRect();
    this.seek(((event.clientX - box.left) / box.width) * this.data.duration_s, true);
  }

  press(event) {
    const now = this.toClip(this.audio?.currentTime ?? 0);
    const places = { ArrowRight: now + 1, ArrowUp: now + 1, ArrowLeft: now - 1, ArrowDown: now - 1,
      PageUp: now + 10, PageDown: now - 10, Home: 0, End: this.data.duration_s };
    if (event.key in places) this.seek(places[event.key], false);
    else if (event.key === " " || event.key === "Enter") this.toggle();
    else return;
    event.preventDefault();
  }

  follow() {
    if (!this.data) return;
    const audio = this.audio, now = this.toClip(audio?.currentTime ?? 0);
    if (now === this.last) return;
    this.last = now;
    this.find("cursor").style.left = `${(100 * now) / this.data.duration_s}%`;
    const text = this.readout(now);
    this.find("readout").textContent = text;
    this.picture.setAttribute("aria-valuenow", Math.round(now));
    this.picture.setAttribute("aria-valuetext", text);
  }

  // "0:12 of 0:30. Jazz 71 %, blues 20 %."
  readout(now) {
    const { genres, begin_s, duration_s } = this.data;
    const shares = genres.filter(genre => genre.mark).map(({ name, shares }) => [this.shareAt(shares, now), name]);
    shares.sort((a, b) => b[0] - a[0]);
    const named = shares.slice(0, 2).map(([share, name]) => `${name} ${percent(share)}`);
    return `${clock(begin_s + now)} of ${clock(begin_s + duration_s)}${named.length ? ". " + named.join(", ") : ""}`;
  }

  shareAt(shares, now) {
    const { times } = this.data;
    let k = times.findIndex(time => time >= now);
    if (k < 0) return shares.at(-1);
    if (k === 0) return shares[0];
    const part = (now - times[k - 1]) / (times[k] - times[k - 1] || 1);
    return shares[k - 1] + part * (shares[k] - shares[k - 1]);
  }

  draw() {
    if (!this.data || !this.canvas.clientWidth) return;
    const root = document.documentElement, isLarge = root.classList.contains("presenting");
    const zoom = isLarge ? Number(root.style.getPropertyValue("--stage-zoom")) : 1;
    const ratio = (window.devicePixelRatio || 1) * zoom;
    this.type = isLarge ? 1.6 : 1; // times the size of letters
    const width = this.canvas.clientWidth, height = this.canvas.clientHeight;
    this.canvas.width = Math.round(width * ratio);
    this.canvas.height = Math.round(height * ratio);
    const pen = this.canvas.getContext("2d");
    pen.scale(ratio, ratio);
    const style = getComputedStyle(this.box);
    const text = style.color, font = style.fontFamily;
    let top = 0;
    const lanes = this.data.genres.length ? LANES : [["Loudness", 0.3], ["", 0], ["Pitch", 0.7]];
    const usable = height - AXIS_PX - GAP_PX * (lanes.length - 1);
    lanes.forEach(([name, share], lane) => {
      const tall = usable * share;
      if (!share) return;
      pen.save();
      pen.translate(0, top);
      [this.drawWaveform, this.drawGenres, this.drawSpectrogram][lane].call(this, pen, width, tall, font);
      if (tall >= 20 * this.type) label(pen, name, 14, 14 * this.type, `600 ${12 * this.type}px ${font}`);
      pen.restore();
      top += tall + GAP_PX;
    });
    this.drawAxis(pen, width, height, text, font);
    this.last = undefined;
    this.follow();
  }

  drawWaveform(pen, width, height) {
    const { levels, colour } = this.data;
    const count = levels.length / 2, step = width / count;
    pen.fillStyle = colour;
    for (let k = 0; k < count; k++) {
      const [low, high] = [levels[2 * k], levels[2 * k + 1]];
      if (low === null) continue;
      const tall = Math.max(1, ((high - low) / 254) * height);
      pen.fillRect(k * step, (height * (127 - high)) / 254, Math.max(1, step * 0.8), tall);
    }
  }

  drawGenres(pen, width, height, font) {
    const { times, genres, duration_s } = this.data;
    const x = times.map(time => (width * time) / duration_s);
    let floor = times.map(() => 0);
    const labels = [];
    for (const genre of genres) {
      const ceiling = floor.map((share, k) => share + genre.shares[k]);
      pen.beginPath();
      pen.moveTo(0, height * (1 - floor[0]));
      const up = [[0, ceiling[0]], ...x.map((place, k) => [place, ceiling[k]]), [width, ceiling.at(-1)]];
      const down = [[width, floor.at(-1)], ...x.map((place, k) => [place, floor[k]]).reverse(), [0, floor[0]]];
      for (const [place, share] of [...up, ...down]) pen.lineTo(place, height * (1 - share));
      pen.closePath();
      pen.fillStyle = genre.colour ?? OTHERS;
      pen.fill();
      const thickest = genre.shares.indexOf(Math.max(...genre.shares));
      if (genre.shares[thickest] * height > 18 * this.type)
        labels.push([genre.name, x[thickest], height * (1 - floor[thickest] - genre.shares[thickest] / 2)]);
      floor = ceiling;
    }
    pen.font = `650 ${13 * this.type}px ${font}`;
    for (const [name, place, y] of labels) {
      const wide = pen.measureText(name).width;
      const first = y < 22 * this.type ? 52 * this.type : 6; // beside the lane's own name
      const left = Math.max(first, Math.min(width - wide - 6, place - wide / 2));
      label(pen, name, left, y + 5 * this.type, pen.font);
    }
  }

  drawSpectrogram(pen, width, height, font) {
    pen.fillStyle = "#05040f";
    pen.fillRect(0, 0, width, height);
    if (this.spectrogram.complete && this.spectrogram.naturalWidth)
      pen.drawImage(this.spectrogram, 0, 0, width, height);
    for (const [name, share] of height > 90 ? this.data.pitches : [])
      label(pen, name, 14, Math.max(28, Math.min(height - 4, height * (1 - share) + 4)), `11px ${font}`);
  }

  drawAxis(pen, width, height, colour, font) {
    const { duration_s, begin_s } = this.data;
    const step = STEPS.find(step => duration_s / step <= Math.max(3, Math.min(6, width / 90))) ?? 7200;
    pen.font = `${12 * this.type}px ${font}`;
    pen.fillStyle = colour;
    for (let time = Math.ceil(begin_s / step) * step; time <= begin_s + duration_s + 0.01; time += step) {
      const text = clock(time), wide = pen.measureText(text).width;
      const place = (width * (time - begin_s)) / duration_s;
      pen.fillText(text, Math.max(0, Math.min(width - wide, place - wide / 2)), height - 6);
    }
  }
}

// White with a dark rim: to be read on any colour.
function label(pen, text, x, y, font) {
  Object.assign(pen, { font, strokeStyle: "#05040fd9", lineWidth: 4, lineJoin: "round", fillStyle: "#fff" });
  pen.strokeText(text, x, y);
  pen.fillText(text, x, y);
}

function legendItem({ name, mark, colour, percent }) {
  const item = document.createElement("li");
  const swatch = document.createElement("i");
  swatch.style.background = colour ?? OTHERS;
  item.append(swatch);
  if (mark) {
    const symbol = document.createElement("span");
    symbol.textContent = mark;
    symbol.setAttribute("aria-hidden", "true");
    item.append(symbol);
  }
  item.append(percent ? `${name} ${percent}` : name);
  return item;
}

// As percent() of genre/text.py.
function percent(share) {
  const whole = share < 1 ? Math.min(99, Math.floor(100 * share + 0.5)) : 100;
  return `${share > 0 && share < 0.01 ? "<1" : whole}\u00a0%`;
}

function clock(seconds) {
  const whole = Math.floor(seconds + 1e-6), hours = Math.floor(whole / 3600);
  const two = value => String(value).padStart(2, "0");
  const minutes = Math.floor(whole / 60) % 60;
  return hours ? `${hours}:${two(minutes)}:${two(whole % 60)}` : `${minutes}:${two(whole % 60)}`;
}
