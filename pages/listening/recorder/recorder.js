// The recorder: a button, what it shows while it records, and the sound that it sends to the server.
//
// Sound goes out as 16-bit PCM in the rate of the browser's audio, everything from the last sample that the
// server has acknowledged. A message that was lost, or overtaken by a later one, costs nothing.

const SEND_S = 2.5; // new sound between two messages
const LIVE_SEND_S = 1.0;
const LIVE_KEPT_S = 10; // unsent sound beyond this is dropped
const RESEND_MS = 8000; // without an answer of the server
const START_MS = 5000; // for the browser's audio to run; without loudspeakers Firefox's never does
const GUESS_S = 10; // of sound for a guess
const MAX_RATE = 48000;
const QUIET_DB = -52, LOUD_SHARE = 0.01; // of the last two seconds: level, share of samples at full scale
const HEARD_S = 2; // length of sound behind those two
const RING_BUFFER_S = 0.05; // of one measurement of the level

const CAPTURE = `registerProcessor("capture", class extends AudioWorkletProcessor {
  process([channels]) {
    if (channels.length) {
      const mono = new Float32Array(channels[0].length);
      for (const channel of channels)
        for (let i = 0; i < mono.length; i++) mono[i] += channel[i] / channels.length;
      this.port.postMessage(mono, [mono.buffer]);
    }
    return true;
  }
});`;

const REFUSED = {
  NotAllowedError: "The browser refused the microphone. Allow it beside the address, then press the button again.",
  NotFoundError: "This device has no microphone that the browser can find. Plug one in, then press the button again.",
  NotReadableError: "Another program uses the microphone. Close it, then press the button again.",
};
const OTHERWISE = " Or choose a file or an example below.";
const UNPLUGGED = "The microphone was unplugged. Earmark answers with what it heard until then.";
const UNABLE = "This browser cannot run Earmark's recorder. Use the plain one, or choose a file or an example below.";

const recorders = new WeakMap(); // by the element of the page; a rerun calls us again with the same one

export default function (component) {
  const root = component.parentElement;
  if (!recorders.has(root)) recorders.set(root, new Recorder(root));
  const recorder = recorders.get(root);
  recorder.update(component);
  return () => setTimeout(() => root.isConnected || recorder.release(), 1000);
}

class Recorder {
  constructor(root) {
    this.box = root.querySelector(".recorder");
    this.find = name => this.box.querySelector(`.recorder-${name}`);
    this.button = this.find("button");
    this.live = this.box.querySelector("input");
    this.state = "idle";
    this.data = {};
    this.button.addEventListener("click", () => this.press());
    this.find("plain").addEventListener("click", () => this.component.setTriggerValue("plain", true));
    this.live.addEventListener("change", () => this.draw());
  }

  update(component) {
    this.component = component;
    this.data = component.data;
    if (this.data.take !== this.take) this.data = { ...this.data, answer: null, message: "", error: "" };
    this.button.disabled = this.data.blocked;
    this.live.disabled = this.data.blocked || this.state === "recording";
    if (this.data.error && this.state !== "idle") this.fail(this.data.error);
    if (this.data.take === this.take && this.state !== "idle") {
      this.acknowledged = this.data.received;
      this.waitsSince = 0;
      this.hasArrived = this.data.arrived;
      if (this.data.finished) this.rest();
      else this.send();
    }
    this.draw();
  }

  press() {
    if (this.state === "recording") this.stop();
    else if (this.state === "idle") this.start();
  }

  async start() {
    for (const media of document.querySelectorAll("audio, video")) media.pause(); // not to be heard twice
    this.button.focus();
    this.take = null;
    this.data = { ...this.data, answer: null, message: "" };
    this.setState("starting");
    this.find("trouble").hidden = true;
    try {
      const Context = window.AudioContext ?? window.webkitAudioContext;
      if (!Context || !navigator.mediaDevices?.getUserMedia) throw new Error("unable");
      // The filters by which browsers make speech clearer spoil music.
      const audio = { echoCancellation: false, noiseSuppression: false, autoGainControl: false };
      this.stream = await navigator.mediaDevices.getUserMedia({ audio });
      this.context = new Context();
      if (this.context.sampleRate > MAX_RATE) {
        await this.context.close();
        this.context = new Context({ sampleRate: MAX_RATE });
      }
      await Promise.race([this.context.resume(), new Promise(done => setTimeout(done, START_MS))]);
      if (this.context.state !== "running") throw new Error("unable");
      this.begin();
      await this.connect();
    } catch (error) {
      const text = REFUSED[error.name];
      if (!text) this.component.setTriggerValue("plain", true);
      this.fail(text ? text + OTHERWISE : UNABLE);
    }
  }

  begin() {
    const [track] = this.stream.getAudioTracks();
    track.addEventListener("ended", () => this.state === "recording" && this.stop(UNPLUGGED));
    this.take = crypto.randomUUID?.() ?? String(Math.random()).slice(2);
    this.rate = this.context.sampleRate;
    this.isLive = this.live.checked;
    this.maxS = this.data.max_s;
    this.parts = []; // of 16-bit samples, from this.first on
    this.first = this.length = this.acknowledged = this.waitsSince = 0;
    this.heard = []; // [energy, samples at full scale] of each part of the last two seconds
    this.level = 0;
    this.note = "";
    this.hasArrived = false;
    this.setState("recording");
    this.columns = this.find("waterfall").getContext("2d");
    this.drawnAt = performance.now();
    this.columns.clearRect(0, 0, this.columns.canvas.width, this.columns.canvas.height);
    this.frame = requestAnimationFrame(() => this.animate());
  }

  async connect() {
    const source = this.context.createMediaStreamSource(this.stream);
    this.analyser = new AnalyserNode(this.context, { fftSize: 2048, smoothingTimeConstant: 0.3 });
    this.spectrum = new Uint8Array(this.analyser.frequencyBinCount);
    source.connect(this.analyser);
    let capture;
    if (this.context.audioWorklet) {
      const module = URL.createObjectURL(new Blob([CAPTURE], { type: "text/javascript" }));
      await this.context.audioWorklet.addModule(module);
      URL.revokeObjectURL(module);
      capture = new AudioWorkletNode(this.context, "capture");
      capture.port.onmessage = ({ data }) => this.hear(data);
    } else {
      capture = this.context.createScriptProcessor(4096, 1, 1);
      capture.onaudioprocess = event => this.hear(event.inputBuffer.getChannelData(0).slice());
    }
    // A node is only run when it leads somewhere; nothing of it is to be heard.
    source.connect(capture).connect(new GainNode(this.context, { gain: 0 })).connect(this.context.destination);
  }

  hear(samples) {
    if (this.state !== "recording") return;
    const room = this.isLive ? samples.length : Math.max(0, Math.round(this.maxS * this.rate) - this.length);
    const part = new Int16Array(Math.min(samples.length, room));
    let energy = 0, clipped = 0;
    for (let i = 0; i < part.length; i++) {
      const value = Math.max(-1, Math.min(1, samples[i]));
      part[i] = Math.round(value * 32767);
      energy += value * value;
      clipped += Math.abs(value) > 0.985;
    }
    this.parts.push(part);
    this.length += part.length;
    this.measure(energy, clipped, part.length);
    if (this.length - this.acknowledged >= (this.isLive ? LIVE_SEND_S : SEND_S) * this.rate) this.send();
    if (!this.isLive && this.length >= Math.round(this.maxS * this.rate)) this.stop();
  }

  measure(energy, clipped, count) {
    const last = this.heard.at(-1);
    if (last && last[2] < RING_BUFFER_S * this.rate) {
      last[0] += energy; last[1] += clipped; last[2] += count;
    } else {
      this.heard.push([energy, clipped, count]);
      if (this.heard.length > HEARD_S / RING_BUFFER_S) this.heard.shift();
      if (last) this.level = Math.max(0, Math.min(1, 1 + decibels(last[0] / last[2]) / 60));
    }
  }

  // Send what the server has not acknowledged, unless it has still to answer the message before.
  send() {
    if (this.hasArrived) return;
    const isLast = this.state === "stopping";
    const isWaiting = this.waitsSince && performance.now() - this.waitsSince < RESEND_MS;
    const fresh = (this.length - this.acknowledged) / this.rate;
    if (this.isLive && fresh > LIVE_KEPT_S) this.acknowledged = this.length - LIVE_SEND_S * this.rate;
    if (!isLast && (isWaiting || fresh < (this.isLive ? LIVE_SEND_S : SEND_S))) return;
    this.waitsSince = performance.now();
    this.component.setTriggerValue("sound", {
      take: this.take, live: this.isLive, rate: this.rate, start: this.acknowledged,
      pcm: base64(this.from(this.acknowledged)), done: isLast,
    });
  }

  from(start) {
    if (this.isLive) // what was acknowledged is of no more use
      while (this.parts.length && this.first + this.parts[0].length <= start)
        this.first += this.parts.shift().length;
    const samples = new Int16Array(this.length - start);
    let place = this.first;
    for (const part of this.parts) {
      const skipped = Math.max(0, start - place);
      if (skipped < part.length) samples.set(part.subarray(skipped), place + skipped - start);
      place += part.length;
    }
    return samples;
  }

  stop(note = "") {
    this.note = note;
    this.setState("stopping");
    this.closeMicrophone();
    this.send();
    this.resend = setInterval(() => this.state === "stopping" && this.send(), RESEND_MS);
  }

  rest() {
    clearInterval(this.resend);
    this.closeMicrophone();
    this.setState("idle");
  }

  fail(text) {
    this.rest();
    this.find("trouble").hidden = false;
    this.find("trouble").querySelector("p").textContent = text;
    this.draw();
  }

  release() {
    this.rest();
    recorders.delete(this.component.parentElement);
  }

  closeMicrophone() {
    cancelAnimationFrame(this.frame);
    for (const track of this.stream?.getTracks() ?? []) track.stop();
    if (this.context && this.context.state !== "closed") this.context.close();
    this.stream = this.context = null;
  }

  setState(state) {
    this.state = this.box.dataset.state = state;
    this.live.disabled = state !== "idle";
    this.draw();
  }

  draw() {
    const { answer } = this.data;
    const isOn = this.state === "recording", isForming = this.state !== "idle";
    this.box.toggleAttribute("data-live", this.live.checked);
    this.button.setAttribute("aria-label", isOn ? "Stop recording" : "Record");
    this.button.querySelector(".recorder-mark").textContent = isOn ? "stop" : answer && isForming ? answer.mark : "mic";
    if (!isOn) this.find("word").textContent = this.state === "stopping" ? "One moment" : "Record";
    this.box.style.setProperty("--accent", isForming && answer ? answer.colour : "");
    this.find("answer").classList.toggle("waits", !answer); // its place is kept: nothing below it jumps
    if (isForming && answer) this.drawAnswer(answer);
    const history = isForming ? [] : this.data.history ?? [];
    this.find("history").hidden = !history.length;
    if (history !== this.historyDrawn) this.drawHistory(this.historyDrawn = history);
    this.say();
  }

  drawAnswer(answer) {
    const line = this.find("genre");
    line.querySelector(".recorder-mark").textContent = answer.mark;
    line.querySelector("b").textContent = answer.name;
    this.find("certainty").textContent = answer.certainty;
    const bars = this.find("bars");
    while (bars.children.length > 3 * answer.bars.length) bars.lastChild.remove();
    while (bars.children.length < 3 * answer.bars.length)
      for (const tag of ["span", "i", "span"]) bars.append(document.createElement(tag));
    answer.bars.forEach(({ name, colour, share, percent }, k) => {
      const [label, bar, figure] = [0, 1, 2].map(n => bars.children[3 * k + n]);
      label.textContent = name;
      bar.style.width = `${100 * share}%`;
      bar.style.background = colour;
      figure.textContent = percent;
    });
  }

  // What was named live: a strip in the genres' colours, and the times.
  drawHistory(history) {
    this.find("strip").replaceChildren(...history.map(({ colour, seconds }) => {
      const part = document.createElement("i");
      part.style.flexGrow = seconds;
      part.style.background = colour;
      return part;
    }));
    this.find("history").querySelector("ol").replaceChildren(...history.map(({ time, mark, name, colour }) => {
      const line = document.createElement("li");
      for (const [tag, text] of [["span", time], ["i", mark], ["b", name]]) {
        const part = document.createElement(tag);
        part.textContent = text;
        line.append(part);
      }
      line.querySelector("i").ariaHidden = "true";
      line.style.setProperty("--genre", colour);
      return line;
    }));
  }

  // One sentence at a time, in a live region: a new one is read out.
  say() {
    const [text, warns] = this.sentence();
    const hint = this.find("hint");
    if (hint.textContent !== text) hint.textContent = text;
    hint.classList.toggle("warns", warns);
  }

  sentence() {
    const seconds = (this.length ?? 0) / (this.rate ?? 1);
    delete this.box.dataset.trouble;
    if (this.state === "starting") return ["The browser asks you whether Earmark may hear the microphone.", false];
    if (this.state === "stopping") return [this.note || "Earmark listens to all of it once more.", false];
    if (this.state !== "recording") return [this.note || "Press the button, and hold your device near the music.", false];
    const [energy, clipped, count] = this.heard.reduce((sum, part) => sum.map((x, k) => x + part[k]), [0, 0, 1]);
    if (seconds > 1 && clipped / count > LOUD_SHARE) {
      this.box.dataset.trouble = "loud";
      return ["Too loud: turn it down, or move away a little.", true];
    }
    if (seconds > 2 && decibels(energy / count) < QUIET_DB) {
      this.box.dataset.trouble = "quiet";
      return ["Too quiet: come closer to the music.", true];
    }
    if (this.data.message) return [this.data.message, false];
    if (this.isLive) return ["Listening until you press the button again. Nothing is kept.", false];
    if (seconds < GUESS_S) return ["10 seconds give a guess, 30 a good answer.", false];
    if (this.data.answer?.certainty.startsWith("sure"))
      return ["Enough to be sure. Go on to hear whether it stays so, or press the button.", false];
    return ["Enough for a guess. Go on for a good answer, or press the button.", false];
  }

  animate() {
    if (this.state !== "recording") return;
    this.frame = requestAnimationFrame(() => this.animate());
    const seconds = this.length / this.rate;
    this.box.style.setProperty("--level", this.level.toFixed(3));
    this.find("meter").setAttribute("aria-valuenow", Math.round(100 * this.level));
    this.find("word").textContent = `${Math.floor(seconds)} s`;
    if (!this.isLive) {
      const share = 100 * Math.min(1, seconds / this.maxS);
      this.box.querySelector(".elapsed").style.strokeDasharray = `${share} 200`;
    }
    this.drawColumn();
    const now = performance.now();
    if (now - (this.saidAt ?? 0) > 500) {
      this.saidAt = now;
      this.say();
    }
  }

  // The newest spectrum at the right edge; pitches as far apart as the ear has them. The brightest is the
  // loudest of late, and high pitches, which are weaker in all music, are lifted: quiet music is seen too.
  // It moves with the time, not with the pictures a second: a slow computer fills it as fast.
  drawColumn() {
    if (!this.analyser) return;
    const { width, height } = this.columns.canvas, now = performance.now();
    const wide = Math.min(width, Math.floor(((now - this.drawnAt) / 1000 / SEEN_S) * width));
    if (wide < 2) return;
    this.drawnAt += ((wide / width) * SEEN_S) * 1000;
    this.analyser.getByteFrequencyData(this.spectrum);
    this.columns.drawImage(this.columns.canvas, -wide, 0);
    const top = Math.log(10000 / 60), bin = this.rate / 2048;
    this.loudest = Math.max(LEAST_LOUD, 0.998 * (this.loudest ?? 0), ...this.spectrum);
    for (let y = 0; y < height; y += 2) {
      const pitch = 60 * Math.exp(top * (1 - y / height));
      const value = this.spectrum[Math.round(pitch / bin)], lift = value ? TREBLE_LIFT * (1 - y / height) : 0;
      this.columns.fillStyle = PALETTE[Math.min(255, Math.round(255 * (value + lift) / this.loudest))];
      this.columns.fillRect(width - wide, y, wide, 2);
    }
  }
}

const SEEN_S = 8; // of sound in the picture's width
const LEAST_LOUD = 60, TREBLE_LIFT = 40; // of 255, which are 70 dB
// Magma, as the spectrogram of the answer has it.
const MAGMA = [[5, 4, 15], [28, 16, 68], [79, 18, 123], [129, 37, 129], [181, 54, 122], [229, 89, 100],
  [251, 135, 97], [254, 194, 135], [252, 253, 191]];
const PALETTE = Array.from({ length: 256 }, (_, value) => {
  const place = (value / 255) * (MAGMA.length - 1), low = Math.min(Math.floor(place), MAGMA.length - 2);
  const mix = MAGMA[low].map((x, k) => Math.round(x + (place - low) * (MAGMA[low + 1][k] - x)));
  return `rgb(${mix})`;
});

function decibels(power) {
  return 10 * Math.log10(power + 1e-12);
}

function base64(samples) {
  const bytes = new Uint8Array(samples.buffer);
  let text = "";
  for (let i = 0; i < bytes.length; i += 32768)
    text += String.fromCharCode(...bytes.subarray(i, i + 32768));
  return btoa(text);
}
