/** Files that the bundler embeds as text. */
declare module "*.b64" {
  const text: string;
  // biome-ignore lint/style/noDefaultExport: that is how the bundler gives a text file to its importer
  export default text;
}
