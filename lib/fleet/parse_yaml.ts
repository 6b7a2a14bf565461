/** YAML from outside, made into plain values in bounded time and memory. */

import { isAlias, isMap, isScalar, isSeq, parseAllDocuments, type YAMLMap } from "yaml";
import { MalformedError, messageOf } from "../base/errors.ts";

/** The longest text that is read: the manifests of a large cluster are some megabytes. */
const MAX_YAML_LENGTH = 16 * 1024 * 1024;

/** Values in one text, each counted as often as aliases repeat it ("billion laughs"). */
const MAX_YAML_VALUES = 2_000_000;

/** Kubernetes' own resources are some twenty levels deep. */
const MAX_YAML_DEPTH = 200;

/** Why a text is refused. */
class Refusal extends Error {}

/** A value, and how many values it holds. */
interface Sized {
  readonly value: unknown;
  readonly size: number;
}

/**
 * Makes values of one document's nodes. The package's own conversion looks for each alias and each
 * repeated key anew, which takes time by the square of the text, so that a small file could hold us up.
 */
class Converter {
  readonly #anchors = new Map<string, Sized>();
  #count = 0;

  convert(node: unknown, depth: number): unknown {
    if (depth > MAX_YAML_DEPTH) throw new Refusal(`more than ${MAX_YAML_DEPTH} levels deep`);
    if (isAlias(node)) {
      const target = this.#anchors.get(node.source);
      if (target === undefined) {
        throw new Refusal(`alias *${node.source.slice(0, 80)} stands for nothing before it`);
      }
      this.#spend(target.size);
      return target.value;
    }
    const before = this.#count;
    this.#spend(1);
    const value = this.#contents(node, depth);
    const { anchor } = (node ?? {}) as { anchor?: string };
    if (anchor !== undefined) this.#anchors.set(anchor, { value, size: this.#count - before });
    return value;
  }

  #spend(size: number): void {
    this.#count += size;
    if (this.#count > MAX_YAML_VALUES) {
      throw new Refusal(`more than ${MAX_YAML_VALUES} values, aliases counted`);
    }
  }

  #contents(node: unknown, depth: number): unknown {
    if (isScalar(node)) return node.value;
    if (isSeq(node)) return node.items.map((item) => this.convert(item, depth + 1));
    if (isMap(node)) return this.#map(node, depth);
    return null;
  }

  #map(node: YAMLMap, depth: number): unknown {
    const own = new Map<string, unknown>();
    const merged: unknown[] = [];
    for (const { key, value } of node.items) {
      if (!isScalar(key)) throw new Refusal("a key is not a plain word");
      const name = String(key.value);
      const converted = this.convert(value, depth + 1);
      // Kubernetes' reader merges (https://yaml.org/type/merge.html): what it runs must be seen here.
      if (name === "<<" && key.type === "PLAIN") {
        merged.push(...(Array.isArray(converted) ? converted : [converted]));
      } else if (own.has(name)) throw new Refusal(`key "${name.slice(0, 80)}" stands twice`);
      else own.set(name, converted);
    }
    const inherited: [string, unknown][] = [];
    for (const source of merged.reverse()) {
      if (typeof source !== "object" || source === null || Array.isArray(source)) {
        throw new Refusal(`"<<" wants a mapping`);
      }
      const entries = Object.entries(source);
      this.#spend(entries.length);
      inherited.push(...entries);
    }
    // fromEntries defines what it is given, "__proto__" too, and sets nothing.
    return Object.fromEntries([...inherited, ...own]);
  }
}

/**
 * Read YAML, or JSON, of any number of documents.
 *
 * @param what names the text in the error
 * @throws {MalformedError} if it cannot be read, repeats a key, or is larger than honest texts are
 */
export function parseYaml(what: string, text: string): unknown[] {
  if (text.length > MAX_YAML_LENGTH) {
    throw new MalformedError(what, `longer than ${MAX_YAML_LENGTH} characters`);
  }
  try {
    const documents = [...parseAllDocuments(text, { uniqueKeys: false, logLevel: "silent" })];
    return documents.map(({ contents, errors: [error] }) => {
      if (error !== undefined) throw new Refusal(error.message.split("\n", 1)[0]);
      return new Converter().convert(contents, 0);
    });
  } catch (error) {
    const why = error instanceof RangeError ? "too deep or too large" : messageOf(error);
    throw new MalformedError(what, why.slice(0, 200), { cause: error });
  }
}
