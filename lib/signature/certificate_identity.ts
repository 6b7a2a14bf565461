import { decodeText } from "../base/bytes.ts";
import { MalformedError } from "../base/errors.ts";
import { type Certificate, extensionValue } from "./certificate.ts";
import { DER_TAGS, derChild, derOid, type DerValue } from "./der.ts";

/** What a Fulcio certificate says of a GitHub workflow, by the names in cosign's flags. */
export const WORKFLOW_EXTENSIONS = {
  trigger: "1.3.6.1.4.1.57264.1.2",
  sha: "1.3.6.1.4.1.57264.1.3",
  name: "1.3.6.1.4.1.57264.1.4",
  repository: "1.3.6.1.4.1.57264.1.5",
  ref: "1.3.6.1.4.1.57264.1.6",
} as const;

/** One of these names. */
export type WorkflowField = keyof typeof WORKFLOW_EXTENSIONS;

/** Who a certificate says that its key belongs to. Believe it only of one that was verified. */
export interface CertificateIdentity {
  /** E-mail addresses, URIs, host names and user names; Fulcio writes one. */
  readonly subjects: readonly string[];
  /** The OIDC issuer that vouched for them; `undefined` where it names none. */
  readonly issuer: string | undefined;
  readonly workflow: Readonly<Partial<Record<WorkflowField, string>>>;
}

const ALTERNATIVE_NAMES = "2.5.29.17";

/** The extension that names the OIDC issuer, as cosign calls it; newer certificates have two. */
export const ISSUER_EXTENSION = "1.3.6.1.4.1.57264.1.1";

/** Fulcio's object identifiers (fulcio, docs/oid-info.md). */
const NEW_ISSUER = "1.3.6.1.4.1.57264.1.8";
const USER_NAME = "1.3.6.1.4.1.57264.1.7";

/** The tags of a GeneralName (RFC 5280 §4.2.1.6): those that are read, and what they mean. */
const OTHER_NAME = 0xa0;
const TEXT_NAMES: ReadonlySet<number> = new Set([
  0x81, // rfc822Name
  0x82, // dNSName
  0x86, // uniformResourceIdentifier
]);

/** IA5String is ASCII; a decoder that drops the eighth bit would make two names one. */
function asciiText({ content }: DerValue): string {
  if (content.some((octet) => octet >= 0x80)) {
    throw new MalformedError("certificate", "a name in it is not ASCII");
  }
  return decodeText(content);
}

function utf8Text(what: string, content: Uint8Array): string {
  try {
    return decodeText(content);
  } catch (error) {
    throw new MalformedError("certificate", `${what} is not UTF-8`, { cause: error });
  }
}

function nameText(name: DerValue): string | undefined {
  if (TEXT_NAMES.has(name.tag)) return asciiText(name);
  if (name.tag !== OTHER_NAME || derOid(derChild(name, 0)) !== USER_NAME) return undefined;
  const text = derChild(derChild(name, 1), 0, DER_TAGS.utf8String);
  return utf8Text("a name in it", text.content);
}

function readSubjects({ extensions }: Certificate): readonly string[] {
  const extension = extensions.get(ALTERNATIVE_NAMES);
  if (extension === undefined) return [];
  return extensionValue(extension, DER_TAGS.sequence).children
    .map(nameText)
    .filter((text) => text !== undefined);
}

/** The older extensions hold the text itself, and not DER. */
function rawText({ extensions }: Certificate, oid: string): string | undefined {
  const extension = extensions.get(oid);
  return extension && utf8Text(oid, extension.value.content);
}

function readIssuer(certificate: Certificate): string | undefined {
  const extension = certificate.extensions.get(NEW_ISSUER);
  if (extension === undefined) return rawText(certificate, ISSUER_EXTENSION);
  return utf8Text("its issuer", extensionValue(extension, DER_TAGS.utf8String).content);
}

/**
 * Read who a certificate says that its key belongs to.
 *
 * @throws {MalformedError}
 */
export function certificateIdentity(certificate: Certificate): CertificateIdentity {
  const workflow: Partial<Record<WorkflowField, string>> = {};
  for (const [field, oid] of Object.entries(WORKFLOW_EXTENSIONS)) {
    const text = rawText(certificate, oid);
    if (text !== undefined) workflow[field as WorkflowField] = text;
  }
  return { subjects: readSubjects(certificate), issuer: readIssuer(certificate), workflow };
}
