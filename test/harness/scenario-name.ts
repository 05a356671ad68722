/** A skipped test's name ends with this, the reason and `]`, from which `npm test` makes its summary. */
export const skipMarker = " [skipped: ";
