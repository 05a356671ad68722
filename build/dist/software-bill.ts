/** The software bill of materials: CycloneDX 1.5 (https://cyclonedx.org). */
import type { Component, Release } from "./contents.ts";

export function softwareBill({ version, time, components }: Release): string {
  const bill = {
    bomFormat: "CycloneDX",
    specVersion: "1.5",
    serialNumber: `urn:uuid:${uuid(JSON.stringify([version, time, components]))}`,
    version: 1,
    metadata: {
      timestamp: new Date(time * 1000).toISOString(),
      component: component("application", { name: "bunc", version, licence: "Apache-2.0" }),
    },
    components: components.map((each) => component("library", each)),
  };
  return `${JSON.stringify(bill, null, 2)}\n`;
}

function component(type: string, { name, version, licence }: Component) {
  const purl = `pkg:npm/${name.replace("@", "%40")}@${version}`;
  const licenses = licence.includes(" ") ? [{ expression: licence }] : [{ license: { id: licence } }];
  return { type, "bom-ref": purl, name, version, licenses, purl };
}

/** A name-based UUID (version 8 of RFC 9562): the same bill has the same number. */
function uuid(name: string): string {
  const hex = new Bun.CryptoHasher("sha256").update(name).digest("hex");
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}
