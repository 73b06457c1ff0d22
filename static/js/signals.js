// Sound and vibration of the floor: never the only sign, always beside icon, words and place.

const SHAPES = {
  tick:    { notes: [[1800, 0, 15]], gain: 0.05 },
  ok:      { notes: [[1200, 0, 70]], vibrate: [30] },
  next:    { notes: [[880, 0, 70], [1320, 70, 70]], vibrate: [40] },
  done:    { notes: [[880, 0, 100], [1109, 110, 100], [1319, 220, 160]], vibrate: [40, 40, 80] },
  warn:    { notes: [[660, 0, 110], [660, 170, 110]], vibrate: [80, 60, 80] },
  error:   { notes: [[220, 0, 250], [220, 330, 250]], wave: "square", vibrate: [150, 80, 150] },
  offline: { notes: [[160, 0, 60]], gain: 0.1 },
};

export class Signals {
  constructor() { this.context = null; this.level = 0.25; }

  /** Call from a key or a tap: browsers refuse sound before one. Answers whether sound is on. */
  async unlock() {
    const Context = window.AudioContext;
    if (!Context) return false;
    this.context ??= new Context();
    if (this.context.state !== "running") await this.context.resume().catch(() => {});
    return this.context.state === "running";
  }

  play(name) {
    const shape = SHAPES[name];
    if (!shape) return;
    if (shape.vibrate && navigator.userActivation?.hasBeenActive) navigator.vibrate?.(shape.vibrate);
    if (this.context?.state !== "running") return;
    const start = this.context.currentTime;
    for (const [frequency, after, length] of shape.notes) {
      const oscillator = this.context.createOscillator();
      const gain = this.context.createGain();
      const from = start + after / 1000;
      const until = from + length / 1000;
      oscillator.type = shape.wave ?? "sine";
      oscillator.frequency.value = frequency;
      gain.gain.setValueAtTime(shape.gain ?? this.level, from);
      gain.gain.setTargetAtTime(0, until - 0.01, 0.004);
      oscillator.connect(gain).connect(this.context.destination);
      oscillator.start(from);
      oscillator.stop(until + 0.03);
    }
  }
}
