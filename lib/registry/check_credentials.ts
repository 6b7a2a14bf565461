import type { Remote } from "./remote.ts";

/**
 * Ask a registry whether it takes the credentials that `remote` has for it (OCI distribution spec 1.1,
 * "Determining Support"): a registry that wants none takes any.
 *
 * @throws {RegistryError} `unauthorized` if it refuses them; otherwise why it cannot be told
 */
export async function checkCredentials(remote: Remote, registry: string): Promise<void> {
  await remote.request({
    method: "GET",
    // · The path is in no request: `login` asks for no repository.
    repository: { registry, path: "" },
    target: "/v2/",
    actions: "login",
    expect: [200],
  });
}
