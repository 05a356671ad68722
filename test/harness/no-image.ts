/** Why the tests of the image are skipped: test/run.ts repeats it at the end. */
export const noImage = "the executable was built without an image";
