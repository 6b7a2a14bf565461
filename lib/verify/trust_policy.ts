import type { Sct } from "../signature/sct.ts";
import type { TrustedIdentity } from "./check_identity.ts";
import type { TrustedRoot } from "./trusted_root.ts";

/** What certificates, logs and timestamps must prove. Make one for a run: what it finds is kept. */
export interface TrustPolicy {
  readonly root: TrustedRoot;
  /** Who may sign with a certificate; nobody where it is empty. */
  readonly identities: readonly TrustedIdentity[];
  /** How many transparency logs must have the signature; 1 unless told. With 0 none is looked at. */
  readonly logThreshold?: number;
  /** How many timestamp authorities must have stamped it; 0 unless told. Those that did must be right. */
  readonly timestampThreshold?: number;
  /** How many certificate logs must have promised to show the certificate; 1 unless told. */
  readonly sctThreshold?: number;
  /** Such promises that stand beside the certificate. */
  readonly detachedScts?: readonly Sct[];
  /** Milliseconds since 1970. */
  readonly now: () => number;
}
