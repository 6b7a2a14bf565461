import { createHash, hash } from "node:crypto";

/** SHA-256 of `bytes`, 32 bytes. */
export function sha256(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(hash("sha256", bytes, "buffer"));
}

/** SHA-256 of `bytes` as 64 lower-case hexadecimal digits. */
export function sha256Hex(bytes: Uint8Array): string {
  return hash("sha256", bytes, "hex");
}

/** A SHA-256 that is fed piece by piece. */
export interface RunningHash {
  update(piece: Uint8Array): void;
  /** 64 lower-case hexadecimal digits; nothing can be added any more. */
  hex(): string;
}

/** Begin a SHA-256 over what is not in memory as a whole. */
export function startSha256(): RunningHash {
  const running = createHash("sha256");
  return {
    update: (piece) => void running.update(piece),
    hex: () => running.digest("hex"),
  };
}
