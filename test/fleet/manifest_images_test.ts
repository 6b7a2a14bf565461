import assert from "node:assert/strict";
import { test } from "node:test";
import { MalformedError } from "../../lib/base/errors.ts";
import { manifestImages } from "../../lib/fleet/manifest_images.ts";

function found(text: string): string[] {
  return manifestImages(text).map(({ image, document, path }) => `${document} ${path} ${image}`);
}

const POD = { containers: [{ name: "a", image: "a:1" }] };

test("manifestImages() finds every container of a Pod, and volumes that are images", () => {
  const text = `
apiVersion: v1
kind: Pod
spec:
  initContainers: [{image: init:1}]
  containers:
  - {name: a, image: "app:1"}
  - {name: filled-in-later}
  ephemeralContainers: [{image: debug:1}]
  volumes:
  - {name: x, emptyDir: {}}
  - {name: y, image: {reference: data:1, pullPolicy: Always}}
`;
  assert.deepEqual(found(text), [
    "0 spec.initContainers[0].image init:1",
    "0 spec.containers[0].image app:1",
    "0 spec.ephemeralContainers[0].image debug:1",
    "0 spec.volumes[1].image.reference data:1",
  ]);
});

test("manifestImages() knows the workloads, CronJobs, templates, lists and custom resources", () => {
  const inside = (spec: unknown): string[] => found(JSON.stringify(spec));
  for (
    const kind of [
      "Deployment",
      "ReplicaSet",
      "StatefulSet",
      "DaemonSet",
      "Job",
      "ReplicationController",
      "Rollout",
    ]
  ) {
    assert.deepEqual(inside({ kind, spec: { template: { spec: POD } } }), [
      "0 spec.template.spec.containers[0].image a:1",
    ]);
  }
  assert.deepEqual(inside({ kind: "PodTemplate", template: { spec: POD } }), [
    "0 template.spec.containers[0].image a:1",
  ]);
  assert.deepEqual(
    inside({ kind: "CronJob", spec: { jobTemplate: { spec: { template: { spec: POD } } } } }),
    ["0 spec.jobTemplate.spec.template.spec.containers[0].image a:1"],
  );
  assert.deepEqual(
    inside({
      kind: "List",
      items: [{ kind: "Service" }, { kind: "Pod", spec: POD }, {
        kind: "List",
        items: [{ kind: "Pod", spec: POD }],
      }],
    }),
    ["0 items[1].spec.containers[0].image a:1", "0 items[2].items[0].spec.containers[0].image a:1"],
  );
});

test("manifestImages() reads many documents, empty ones too, and JSON with tabs", () => {
  const pod = (image: string): string => `kind: Pod\nspec: {containers: [{image: ${image}}]}\n`;
  assert.deepEqual(found(`---\n${pod("a:1")}---\n---\n# nothing\n---\n${pod("b:1")}...\n`), [
    "0 spec.containers[0].image a:1",
    "3 spec.containers[0].image b:1",
  ]);
  const json = JSON.stringify({ kind: "Pod", spec: POD }, null, "\t");
  assert.deepEqual(found(json), ["0 spec.containers[0].image a:1"]);
  assert.deepEqual(found(""), []);
  assert.deepEqual(found("kind: ConfigMap\ndata: {pod: 'containers: [{image: x}]'}\n"), []);
});

test("manifestImages() sees what aliases and merge keys bring in, as Kubernetes does", () => {
  const text = `
base: &base {image: "base:1", name: x}
other: &other {image: "other:1"}
spec:
  containers:
  - <<: *base
  - <<: [*base, *other]
  - {<<: *base, image: "own:1"}
  - *other
`;
  assert.deepEqual(manifestImages(text).map(({ image }) => image), [
    "base:1",
    "base:1",
    "own:1",
    "other:1",
  ]);
});

test("manifestImages() refuses what readers could take in two ways, and what is no YAML", () => {
  for (
    const text of [
      "spec: {containers: [{image: good, image: evil}]}",
      "kind: Pod\nkind: Pod",
      "a: [1",
      '{"a":1}{"b":1}',
      "spec: {containers: [{image: 1.5}]}",
      "spec: {containers: [x]}",
      "spec: {containers: [{image: x}], initContainers: {image: y}}",
      "a: *nothing",
      "? {x: 1}\n: 2",
      "a: {<<: 1}",
    ]
  ) assert.throws(() => manifestImages(text), MalformedError, text);
});

// A reader that is held up would need minutes, and run into the timeout.
test("manifestImages() is not held up by aliases of aliases, by depth or by many keys", {
  timeout: 120_000,
}, () => {
  const laughs = Array.from(
    { length: 60 },
    (_, level) => `a${level}: &a${level} [${level === 0 ? "x" : `*a${level - 1}, *a${level - 1}`}]`,
  ).join("\n");
  assert.throws(() => manifestImages(laughs), /aliases counted/u);
  assert.throws(() => manifestImages("a: &a [*a]"), MalformedError);
  assert.throws(() => manifestImages("[".repeat(100_000)), MalformedError);
  assert.throws(() => manifestImages(`${"- ".repeat(300)}x`), /levels deep/u);
  const keys = Array.from({ length: 30_000 }, (_, index) => `k${index}: 1`).join("\n");
  assert.deepEqual(manifestImages(keys), []);
});

test("manifestImages() takes a key __proto__ for a key", () => {
  const text = '{"__proto__": {"containers": [{"image": "a:1"}]}}';
  assert.deepEqual(found(text), ["0 __proto__.containers[0].image a:1"]);
});
