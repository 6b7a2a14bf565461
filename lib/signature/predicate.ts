import * as v from "valibot";
import { decodeText } from "../base/bytes.ts";
import { MalformedError } from "../base/errors.ts";
import { parseJson } from "../base/json.ts";
import { readGoStruct, readProtoMessage, type Shape } from "./predicate_shape.ts";
import type { PredicateName } from "./predicate_type.ts";

const DIGESTS: Shape = { map: "string" };

// in-toto attestation protos, predicates/provenance/v0.
const SLSA_02: Shape = {
  fields: {
    builder: { fields: { id: "string" } },
    buildType: "string",
    invocation: {
      fields: {
        configSource: { fields: { uri: "string", digest: DIGESTS, entryPoint: "string" } },
        parameters: "object",
        environment: "object",
      },
    },
    buildConfig: "object",
    metadata: {
      fields: {
        buildInvocationId: "string",
        buildStartedOn: "time",
        buildFinishedOn: "time",
        completeness: {
          fields: { parameters: "boolean", environment: "boolean", materials: "boolean" },
        },
        reproducible: "boolean",
      },
    },
    materials: { list: { fields: { uri: "string", digest: DIGESTS } } },
  },
};

// in-toto attestation protos, v1/resource_descriptor.proto.
const RESOURCES: Shape = {
  list: {
    fields: {
      name: "string",
      uri: "string",
      digest: DIGESTS,
      content: "bytes",
      downloadLocation: "string",
      mediaType: "string",
      annotations: "object",
    },
  },
};

// in-toto attestation protos, predicates/provenance/v1.
const SLSA_1: Shape = {
  fields: {
    buildDefinition: {
      fields: {
        buildType: "string",
        externalParameters: "object",
        internalParameters: "object",
        resolvedDependencies: RESOURCES,
      },
    },
    runDetails: {
      fields: {
        builder: {
          fields: { id: "string", version: DIGESTS, builderDependencies: RESOURCES },
        },
        metadata: {
          fields: { invocationId: "string", startedOn: "time", finishedOn: "time" },
        },
        byproducts: RESOURCES,
      },
    },
  },
};

// in-toto-golang, in_toto/model.go.
const LINK: Shape & { readonly fields: unknown } = {
  fields: {
    _type: "string",
    name: "string",
    materials: { map: DIGESTS },
    products: { map: DIGESTS },
    byproducts: { map: "any" },
    command: { list: "string" },
    environment: { map: "any" },
  },
};

// cosign pkg/cosign/attestation/attestation.go, CosignVulnPredicate.
const VULN: Shape = {
  fields: {
    invocation: {
      fields: { parameters: "any", uri: "string", event_id: "string", "builder.id": "string" },
    },
    scanner: {
      fields: {
        uri: "string",
        version: "string",
        db: { fields: { uri: "string", version: "string" } },
        result: "any",
      },
    },
    metadata: { fields: { scanStartedOn: "time", scanFinishedOn: "time" } },
  },
};

const ObjectSchema = v.nullable(v.custom<Record<string, unknown>>(
  (value) => typeof value === "object" && value !== null && !Array.isArray(value),
  "want an object",
));

function readDocument(bytes: Uint8Array): Record<string, unknown> {
  return parseJson("predicate", bytes, ObjectSchema) ?? {};
}

function readText(bytes: Uint8Array): string {
  try {
    return decodeText(bytes);
  } catch (error) {
    throw new MalformedError("predicate", "it is not UTF-8", { cause: error });
  }
}

/** The SLSA specification writes `invocationID` in places; cosign reads both. */
function renameInvocation(document: Record<string, unknown>): Record<string, unknown> {
  const { metadata } = (document["runDetails"] ?? {}) as { metadata?: Record<string, unknown> };
  if (metadata?.["invocationID"] !== undefined) metadata["invocationId"] = metadata["invocationID"];
  return document;
}

function readLink(document: Record<string, unknown>): unknown {
  for (const name of Object.keys(LINK.fields as object)) {
    if (!Object.hasOwn(document, name)) {
      throw new MalformedError("predicate", `a link must have the field ${name}`);
    }
  }
  return readGoStruct(LINK, document, "link");
}

/**
 * Make of a predicate's file what cosign signs for this type: fields that the type does not know are
 * dropped, `custom` is wrapped with the time, and `spdx` is taken as text.
 *
 * @param name one of cosign's names; absent for a type given as URI, which may be any JSON object
 * @throws {MalformedError}
 */
export function buildPredicate(
  name: PredicateName | undefined,
  bytes: Uint8Array,
  now: Date,
): unknown {
  switch (name) {
    case "custom":
      return {
        Data: readText(bytes),
        Timestamp: now.toISOString().replace(/\.\d+Z$/u, "Z"),
      };
    case "spdx":
      return readText(bytes);
    case "slsaprovenance":
    case "slsaprovenance02":
      return readProtoMessage(SLSA_02, readDocument(bytes), "provenance");
    case "slsaprovenance1":
      return readProtoMessage(SLSA_1, renameInvocation(readDocument(bytes)), "provenance");
    case "link":
      return readLink(readDocument(bytes));
    case "vuln":
      return readGoStruct(VULN, readDocument(bytes), "vuln");
    case "spdxjson":
    case "cyclonedx":
    case "openvex":
    case undefined:
      return readDocument(bytes);
    default:
      return name satisfies never;
  }
}
