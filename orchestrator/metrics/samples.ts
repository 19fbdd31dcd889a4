import type { FamilyName } from './families.js';

/** A line of the metrics text. */
export interface Sample {
  /** Behind the family's name: `_bucket`, `_sum`, `_count` of histograms. */
  readonly suffix?: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** What is to be told, by family. */
export class Samples {
  readonly #families = new Map<FamilyName, Sample[]>();

  /** A number that is not known is not told. */
  add(family: FamilyName, labels: Readonly<Record<string, string>>, value: number | null): void {
    if (value !== null) this.#of(family).push({ labels, value });
  }

  /**
   * A histogram from counts that are kept elsewhere.
   * @param counts per bucket (not summed up); one more than bounds, the last for what is above all of them
   */
  addHistogram(
    family: FamilyName,
    labels: Readonly<Record<string, string>>,
    bounds: readonly number[],
    counts: readonly number[],
    sum: number,
  ): void {
    const samples = this.#of(family);
    let below = 0;
    for (const [at, le] of [...bounds.map(String), '+Inf'].entries()) {
      below += counts[at] ?? 0;
      samples.push({ suffix: '_bucket', labels: { ...labels, le }, value: below });
    }
    samples.push({ suffix: '_sum', labels, value: sum }, { suffix: '_count', labels, value: below });
  }

  of(family: FamilyName): readonly Sample[] {
    return this.#families.get(family) ?? [];
  }

  #of(family: FamilyName): Sample[] {
    const known = this.#families.get(family) ?? [];
    this.#families.set(family, known);
    return known;
  }
}
