/** Version of the runtime-spec that bunc implements: `ociVersion` of its state, features and default spec. */
export const OCI_VERSION = "1.3.0";
