/** The images that Kubernetes manifests name. */

import * as v from "valibot";
import { MalformedError } from "../base/errors.ts";
import { parseYaml } from "./parse_yaml.ts";

/** An image that a manifest names, and where. */
export interface ManifestImage {
  /** As it is written. */
  readonly image: string;
  /** From 0, the place of its document in the text. */
  readonly document: number;
  /** Inside the document: `spec.template.spec.containers[0].image`. */
  readonly path: string;
}

const ContainersSchema = v.nullish(
  v.array(v.looseObject({ image: v.nullish(v.string()) })),
  [],
);

/** What of a PodSpec (https://kubernetes.io/docs/reference/kubernetes-api/) names images. */
const PodSchema = v.looseObject({
  initContainers: ContainersSchema,
  containers: ContainersSchema,
  ephemeralContainers: ContainersSchema,
  volumes: v.nullish(
    v.array(
      v.looseObject({
        image: v.nullish(v.looseObject({ reference: v.nullish(v.string()) })),
      }),
    ),
    [],
  ),
});

const GROUPS = ["initContainers", "containers", "ephemeralContainers"] as const;

/** Containers of one kind make an object a PodSpec, whatever resource it lies in. */
function isPod(value: object): boolean {
  return GROUPS.some((group) => Array.isArray((value as Record<string, unknown>)[group]));
}

function* podImages(
  value: object,
  path: string,
): Generator<{ readonly image: string; readonly path: string }> {
  const result = v.safeParse(PodSchema, value, { abortEarly: true });
  if (!result.success) {
    const { message } = result.issues[0];
    const where = v.getDotPath(result.issues[0]) ?? "";
    throw new MalformedError(`${path}${where}`, message.slice(0, 200));
  }
  const pod = result.output;
  for (const group of GROUPS) {
    for (const [index, { image }] of pod[group].entries()) {
      // A template may leave the image to whatever fills it in.
      if (image) yield { image, path: `${path}${group}[${index}].image` };
    }
  }
  for (const [index, { image }] of pod.volumes.entries()) {
    const { reference } = image ?? {};
    if (reference) {
      yield { image: reference, path: `${path}volumes[${index}].image.reference` };
    }
  }
}

function* findImages(
  value: unknown,
  path: string,
): Generator<{ readonly image: string; readonly path: string }> {
  if (typeof value !== "object" || value === null) return;
  const inside = path === "" ? "" : `${path}.`;
  if (Array.isArray(value)) {
    for (const [index, item] of value.entries()) yield* findImages(item, `${path}[${index}]`);
    return;
  }
  if (isPod(value)) yield* podImages(value, inside);
  for (const [key, item] of Object.entries(value)) yield* findImages(item, `${inside}${key}`);
}

/**
 * Find the images in Kubernetes manifests: YAML of one or many documents, or JSON.
 *
 * Every PodSpec is looked at, wherever it lies: of a Pod, a workload's template, a CronJob, an item of
 * a List, and a custom resource that holds one. In it the containers, init containers and ephemeral
 * containers count, and the volumes that are images. An image is given each time it is named.
 *
 * Its time is in proportion to the text, and to what the text's aliases stand for, which is bounded.
 *
 * @throws {MalformedError} if the text is no YAML, or a PodSpec has not the form that it must have
 */
export function manifestImages(text: string): ManifestImage[] {
  return parseYaml("the manifest", text).flatMap((value, document) =>
    [...findImages(value, "")].map((found) => ({ ...found, document }))
  );
}
