/**
 * Steps of visits on their way: each is kept here until the service has taken it, in order; one that it refuses is kept with why.
 * They are an account's own, so that whoever signs in next on the same phone sends nobody else's.
 */
import { Problem } from "../api/client";
import type { VisitStepRequest } from "../api/types";

export type Step = "depart" | "arrive" | "finish" | "miss";

export interface Waiting {
  visit: string;
  /** The first ticket of the visit, where a refused record may be written down. */
  number: number;
  step: Step;
  body: VisitStepRequest;
  /** Why it was refused; nothing while it waits. */
  refused?: string;
}

type Send = (one: Waiting) => Promise<unknown>;

const NEXT: Record<Step, "on_the_way" | "on_site" | "done" | "missed"> = {
  depart: "on_the_way",
  arrive: "on_site",
  finish: "done",
  miss: "missed",
};

const known = new Map<string, Outbox>();

export class Outbox {
  private all: Waiting[];
  private key: string;
  private isSending = false;
  private listeners = new Set<() => void>();

  constructor(
    private storage: Pick<Storage, "getItem" | "setItem">,
    private send: Send,
    account: string,
  ) {
    this.key = `fettle.visits.steps.${account}`;
    this.all = JSON.parse(storage.getItem(this.key) ?? "[]") as Waiting[];
  }

  /** The one of an account in this browser; two would send twice and forget what the other keeps. */
  static of(account: string, send: Send): Outbox {
    const outbox = known.get(account) ?? new Outbox(localStorage, send, account);
    known.set(account, outbox);
    return outbox;
  }

  /** What waits or was refused, in order. */
  items = (): Waiting[] => this.all;

  subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  add(one: Waiting): void {
    this.keep([...this.all, one]);
  }

  /** Take one away: it was refused, and somebody has seen it. */
  drop(one: Waiting): void {
    this.keep(this.all.filter((other) => other !== one));
  }

  /** Send what waits, one after the other, until nothing answers; whether anything was taken or refused. */
  async flush(): Promise<boolean> {
    if (this.isSending) return false;
    this.isSending = true;
    let isNews = false;
    try {
      for (let one = this.next(); one; one = this.next()) {
        const refused = await this.tried(one);
        if (refused === null) return isNews;
        if (refused === "") this.drop(one);
        else this.keep(this.all.map((other) => (other === one ? { ...one, refused } : other)));
        isNews = true;
      }
      return isNews;
    } finally {
      this.isSending = false;
    }
  }

  /** Where a visit stands once what waits is taken. */
  stateOf<State extends string>(visit: string, state: State): State | (typeof NEXT)[Step] {
    const last = this.all.findLast((one) => one.visit === visit && one.refused === undefined);
    return last ? NEXT[last.step] : state;
  }

  private next(): Waiting | undefined {
    return this.all.find((one) => one.refused === undefined);
  }

  /** "" where it was taken, why where it was refused, null where nothing answers. */
  private async tried(one: Waiting): Promise<string | null> {
    try {
      await this.send(one);
      return "";
    } catch (error) {
      const isAnswer = error instanceof Problem && error.status >= 400 && error.status < 500;
      const isLater = error instanceof Problem && (error.status === 401 || error.status === 429);
      return isAnswer && !isLater ? (error.detail ?? error.title) : null;
    }
  }

  private keep(all: Waiting[]): void {
    this.all = all;
    this.storage.setItem(this.key, JSON.stringify(all));
    for (const listener of this.listeners) listener();
  }
}
