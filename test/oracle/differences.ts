/** Where @sigstore/verify and sigfleet judge a mutant differently, and why. Each must occur. */

/** One kind of difference. */
export interface Difference {
  readonly why: string;
  /** Whether sigfleet takes the mutants for good, and @sigstore/verify does not; or the reverse. */
  readonly ours: "verified" | "failed";
  readonly place: RegExp;
  readonly how: RegExp;
}

export const DIFFERENCES: readonly Difference[] = [
  {
    why: "what the proof says of its tree stands in the checkpoint, too: we want both to agree",
    ours: "failed",
    place: /inclusionProof\.(?:rootHash|treeSize)$/u,
    how: /./u,
  },
  {
    why: "a log's number for an entry must be a number, also where no promise signs it",
    ours: "failed",
    place: /tlogEntries\.\[\]\.logIndex$/u,
    how: /^(?:empty|no number|to -?\d+)$/u,
  },
  {
    why: "behind the log's signature in a checkpoint must come nothing but signatures",
    ours: "failed",
    place: /checkpoint\.envelope$/u,
    how: /^(?:append|append line|change)/u,
  },
  {
    why: "a certificate is a SEQUENCE, and names the algorithm of its signature twice alike",
    ours: "failed",
    place: /rawBytes$/u,
    how: /^flip/u,
  },
  {
    why: "a timestamp is a SEQUENCE of SEQUENCEs, its status 0 or 1, its versions whatever",
    ours: "failed",
    place: /signedTimestamp$/u,
    how: /^flip/u,
  },
  {
    why: "what a bundle says of the file's digest is not needed where the file is there",
    ours: "verified",
    place: /^messageSignature\.messageDigest/u,
    how: /^(?:drop|empty|change)/u,
  },
  {
    why: "a proof without a checkpoint is none; in a bundle v0.1 the promise is enough",
    ours: "verified",
    place: /inclusionProof(?:\.checkpoint)?$/u,
    how: /^(?:drop|null|empty|text|list)$/u,
  },
  {
    why:
      "a stamp by an authority that is not known proves nothing, and harms nothing: the log has a time",
    ours: "verified",
    place: /^verificationMaterial\.timestampVerificationData/u,
    how: /^swap$|^flip/u,
  },
];
