/** What `doctor` says about one thing. */

/** `ok`: it is there. `limited`: something will not work. `missing`: no container will work. */
export type Verdict = "ok" | "limited" | "missing";

/** A judgement with its name and area. */
export interface Finding {
  area: Area;
  name: string;
  verdict: Verdict;
  /** What is there. */
  found: string;
  /** What does not work without it; "" for verdict ok. */
  without: string;
  /** How to get it; "" for verdict ok. */
  fix: string;
}

export const AREAS = [
  "kernel",
  "privileges",
  "cgroups",
  "security",
  "user namespaces",
  "programs",
  "engine",
] as const;
export type Area = (typeof AREAS)[number];

interface Judgement {
  ok: boolean;
  found: string;
  without: string;
  fix: string;
  /** Nothing runs without it. */
  required?: boolean;
}

/** Of what cannot be missing. */
export function stated(area: Area, name: string, found: string): Finding {
  return { area, name, verdict: "ok", found, without: "", fix: "" };
}

export function finding(area: Area, name: string, judgement: Judgement): Finding {
  const { ok, found, without, fix, required } = judgement;
  if (ok) return stated(area, name, found);
  return { area, name, verdict: required ? "missing" : "limited", found, without, fix };
}
