/** The modules that loading a TypeScript file loads: static imports and re-exports, without types. */
export function staticImports(text: string): string[] {
  const statement = /^(?:import|export)\s+(?!type\b)(?:([\s\S]*?)\s+from\s+)?"([^"]+)"/gm;
  return [...withoutComments(text).matchAll(statement)]
    .filter((match) => !importsTypesOnly(match[1]))
    .map((match) => match[2] as string);
}

/** `{ type A, type B }`: with verbatimModuleSyntax the module is still loaded, but the bundler drops it. */
function importsTypesOnly(clause: string | undefined): boolean {
  const names = /^\{([\s\S]*)\}$/.exec(clause?.trim() ?? "")?.[1]?.split(",");
  return names?.every((name) => name.trim() === "" || name.trim().startsWith("type ")) ?? false;
}

/** Every module that a TypeScript file names: for its types, and when it gets there, too. */
export function everyImport(text: string): string[] {
  const mention = /(?:\bfrom|^import|\bimport\(|\brequire\()\s*"([^"]+)"/gm;
  return [...withoutComments(text).matchAll(mention)].map((match) => match[1] as string);
}

export function withoutComments(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\//g, "").replace(/^\s*\/\/.*$/gm, "");
}
