/** A skipped test's name ends with this, the reason and `]`; the summary of `npm test` takes it from there. */
export const skipMarker = " [skipped: ";
