import assert from "node:assert/strict";
import { chmod, readFile, writeFile } from "node:fs/promises";
import { delimiter, join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { aliceToken, answer, openFakeSigstore } from "../support/fake_sigstore.ts";
import { runScript } from "../support/run_script.ts";
import { issueTokens, serveSigstore } from "../support/serve_sigstore.ts";
import { temporaryFolder } from "../support/temporary_folder.ts";
import { createTestClock } from "../support/test_clock.ts";

/** Wait for the program that stands for a browser to be started. */
async function openedUrl(file: string): Promise<URL> {
  for (;;) {
    const text = await readFile(file, "utf8").catch(() => "");
    if (text.endsWith("\n")) return new URL(text.trim());
    await sleep(20);
  }
}

test("a browser signs in and brings the code back; nobody else can", async (t) => {
  const folder = await temporaryFolder(t);
  const at = (name: string): string => join(folder, name);
  await writeFile(at("xdg-open"), `#!/bin/sh\necho "$1" > "${at("url")}"\n`);
  await chmod(at("xdg-open"), 0o755);
  const sigstore = openFakeSigstore(createTestClock());
  const served = await serveSigstore(t, sigstore);
  await writeFile(at("services.json"), served.signingConfig(2));
  await writeFile(at("file"), "content\n");
  const asked: { url?: URL } = {};
  issueTokens(sigstore, {
    served,
    token(form) {
      const { searchParams } = asked.url!;
      assert.equal(form.get("code"), "the-code");
      assert.equal(form.get("redirect_uri"), searchParams.get("redirect_uri"));
      const nonce = searchParams.get("nonce");
      return answer(200, { id_token: aliceToken(Date.now(), { nonce }) });
    },
  });
  const ended = runScript("scripts/sign_blob.ts", [
    ...["--signing-config", at("services.json"), "--fulcio-auth-flow", "normal", "-y"],
    ...["--bundle", at("bundle.json"), at("file")],
  ], {
    cwd: folder,
    env: { PATH: `${folder}${delimiter}${process.env["PATH"] ?? ""}`, DISPLAY: ":0" },
  });
  const tooEarly = ended.then(({ stderr }): never => assert.fail(`no browser: ${stderr}`));
  tooEarly.catch(() => {});
  const url = asked.url = await Promise.race([openedUrl(at("url")), tooEarly]);
  const callback = new URL(url.searchParams.get("redirect_uri")!);
  assert.equal(`${callback.hostname}${callback.pathname}`, "localhost/auth/callback");
  const visit = async (query: Readonly<Record<string, string>>): Promise<number> => {
    const page = new URL(callback);
    for (const [name, value] of Object.entries(query)) page.searchParams.set(name, value);
    const response = await fetch(page);
    await response.text();
    return response.status;
  };
  assert.equal(await visit({ state: "guessed", code: "evil" }), 404);
  const state = url.searchParams.get("state")!;
  assert.equal(await visit({ state, code: "the-code" }), 200);
  const { code, stderr } = await ended;
  assert.equal(code, 0, stderr);
  assert.match(stderr, /Your browser will now be opened to:\nhttp/u);
  assert.match(await readFile(at("bundle.json"), "utf8"), /"certificate"/u);
});
