const SEQUENCE = 0x30;
const INTEGER = 0x02;
/** A length that does not fit in seven bits, and does in eight. */
const ONE_BYTE_LENGTH = 0x81;

/** Where a DER value begins and ends. */
interface Span {
  readonly start: number;
  readonly end: number;
}

/** The value of the element at `offset`, or nothing if it is not strict DER (X.690 §10.1). */
function readElement(der: Uint8Array, offset: number, tag: number): Span | undefined {
  if (der[offset] !== tag) return undefined;
  const first = der[offset + 1] ?? 0xff;
  const long = first === ONE_BYTE_LENGTH;
  const length = long ? der[offset + 2] ?? 0 : first;
  // Two length bytes are never needed here; one where none is needed is BER.
  if (long ? length < 0x80 : length >= 0x80) return undefined;
  const start = offset + (long ? 3 : 2);
  return start + length <= der.length ? { start, end: start + length } : undefined;
}

/** Place an unsigned INTEGER at the right end of `target`; false if it is not strict or too big. */
function copyInteger(der: Uint8Array, { start, end }: Span, target: Uint8Array): boolean {
  const first = der[start];
  if (start === end || first! >= 0x80) return false;
  const padded = first === 0 && end - start > 1;
  if (padded && der[start + 1]! < 0x80) return false;
  const digits = der.subarray(padded ? start + 1 : start, end);
  if (digits.length > target.length) return false;
  target.set(digits, target.length - digits.length);
  return true;
}

/**
 * Turn an ECDSA signature from DER (RFC 3279 §2.2.3) to the two numbers side by side, as Web Crypto
 * wants it.
 *
 * @param numberBytes the width of one number on the curve
 * @returns nothing if the DER is not strict: a signature has one encoding, and any other is no
 *   signature, on every runtime
 */
export function ecdsaSignatureToRaw(der: Uint8Array, numberBytes: number): Uint8Array | undefined {
  const pair = readElement(der, 0, SEQUENCE);
  if (pair === undefined || pair.end !== der.length) return undefined;
  const r = readElement(der, pair.start, INTEGER);
  const s = r && readElement(der, r.end, INTEGER);
  if (r === undefined || s === undefined || s.end !== der.length) return undefined;
  const raw = new Uint8Array(2 * numberBytes);
  const whole = copyInteger(der, r, raw.subarray(0, numberBytes)) &&
    copyInteger(der, s, raw.subarray(numberBytes));
  return whole ? raw : undefined;
}
