/** The ways in which signatures are stored, each read and written. */
export const SIGNATURE_FORMATS = ["legacy", "bundle"] as const;

/** cosign's `sha256-….sig` tag, or a Sigstore bundle as a referrer. */
export type SignatureFormat = typeof SIGNATURE_FORMATS[number];
