// Builds what the pages load: static/scss/app.scss and the packages' scripts and icons, into static/build/.
import { cpSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import * as sass from "sass";

const root = dirname(fileURLToPath(import.meta.url));
const packages = join(root, "node_modules");
const built = join(root, "static", "build");

// Scripts and icons by the name they are served under.  The typeface, crown and crest stay out: they are licensed for GOV.UK only.
const copied = {
  "govuk-frontend.min.js": "govuk-frontend/dist/govuk/govuk-frontend.min.js",
  "moj-frontend.min.js": "@ministryofjustice/frontend/moj/moj-frontend.min.js",
  "accessible-autocomplete.min.js": "accessible-autocomplete/dist/accessible-autocomplete.min.js",
  "accessible-autocomplete.min.css": "accessible-autocomplete/dist/accessible-autocomplete.min.css",
  "assets/images": "@ministryofjustice/frontend/moj/assets/images",
};

rmSync(built, { recursive: true, force: true });
mkdirSync(built, { recursive: true });
const { css } = sass.compile(join(root, "static", "scss", "app.scss"), {
  loadPaths: [root, packages],
  quietDeps: true,
  style: "compressed",
  logger: { warn: (message) => message.includes("govuk-text-colour") || console.warn(message) }, // a package's own
});
writeFileSync(join(built, "app.css"), css.replaceAll(/url\("[^"]*govuk-crest\.svg"\)/g, "none"));
for (const [name, source] of Object.entries(copied)) {
  cpSync(join(packages, source), join(built, name), {
    recursive: true,
    filter: (path) => !/icon-1|logotype|apple-touch|opengraph/.test(path),
  });
}
