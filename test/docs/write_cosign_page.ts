/** Write docs/cosign.md anew: `npm run docs`. */

import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { ROOT } from "../support/repo.ts";
import { cosignPage } from "./cosign_page.ts";

await writeFile(join(ROOT, "docs/cosign.md"), await cosignPage());
