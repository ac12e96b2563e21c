/** Waiting frames that are kept at most: then the oldest has waited long enough. */
const MOST = 100_000;

/** Frames that were handed on and have no answer yet. Each is taken out once: who takes it out has the last word on it. */
export class Unanswered<Frame extends { readonly since: number }> {
  /** By request, oldest first. */
  private readonly frames = new Map<string, Frame>();

  /** @param patienceMs how long a frame may wait */
  constructor(
    private readonly patienceMs: number,
    private readonly most = MOST,
  ) {}

  add(request: string, frame: Frame): void {
    // A repeated frame is the same request and waits anew.
    this.frames.delete(request);
    this.frames.set(request, frame);
  }

  /** False when nobody waits for this answer any more. */
  take(request: string): boolean {
    return this.frames.delete(request);
  }

  /** Takes out the frames that nobody can be expected to answer in time; `now` in ms. */
  *takeOverdue(now: number): Generator<Frame> {
    for (const [request, frame] of this.frames) {
      if (now - frame.since < this.patienceMs && this.frames.size <= this.most) return;
      this.frames.delete(request);
      yield frame;
    }
  }
}
