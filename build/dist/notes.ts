/** Release notes from the subjects of commits, "area: what", by area. */

export function releaseNotes(version: string, subjects: readonly string[]): string {
  const areas = new Map<string, string[]>();
  for (const subject of subjects) {
    const [, area = "", what = subject] = /^([a-z0-9][\w ,-]{0,30}): (.+)$/.exec(subject) ?? [];
    areas.set(area, [...(areas.get(area) ?? []), what]);
  }
  const sections = [...areas]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([area, changes]) => section(area, changes));
  return `# bunc ${version}\n\n${sections.join("\n")}`;
}

function section(area: string, changes: readonly string[]): string {
  return `## ${area === "" ? "Others" : area}\n\n${changes.map((what) => `- ${what}\n`).join("")}`;
}
