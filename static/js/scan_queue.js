// One device, one line, one scan in flight. A scan leaves the line only when the server has answered it.

const BACKOFF_MS = [500, 1000, 2000];   // then the offline banner, and a try every 5 s

/** Whether the server did nothing yet, and the same scan is to be sent again: it is away, overrun, or a row stayed locked. */
export function asksAgain(status, code) {
  return status >= 500 || status === 429 || (status === 409 && code === "busy");
}

export class ScanQueue {
  /** send(item) resolves to {answer} (final) or {again: true} (network, time-out, busy, 5xx). */
  constructor({ send, onAnswer, onChange = () => {}, wait = (ms) => new Promise((done) => setTimeout(done, ms)), limit = 5, slowMs = 5000 }) {
    Object.assign(this, { send, onAnswer, onChange, wait, limit, slowMs, items: [], tries: 0, working: false, wake: null });
  }

  get offline() { return this.tries > BACKOFF_MS.length; }

  /** False: the line is full, and the scan was not taken. */
  add(item) {
    if (this.items.length > this.limit) return false;   // one in flight and `limit` behind it
    this.items.push(item);
    this.onChange(this);
    this.work();
    return true;
  }

  /** Try now: the network is back, or the page is in front again. */
  hurry() { this.wake?.(); }

  async work() {
    if (this.working) return;
    this.working = true;
    try {
      while (this.items.length > 0) {
        const result = await this.send(this.items[0]);
        if (result.again) {
          this.tries += 1;
          this.onChange(this);
          await Promise.race([this.wait(BACKOFF_MS[this.tries - 1] ?? this.slowMs), new Promise((done) => { this.wake = done; })]);
          this.wake = null;
          continue;
        }
        this.tries = 0;
        const item = this.items.shift();
        this.onChange(this);
        await this.onAnswer(item, result.answer);
      }
    } finally {
      this.working = false;
    }
  }
}
